"""Number plates: find, read, vote over frames, and compare with watch patterns (GA 36-2018)."""
