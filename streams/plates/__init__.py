"""Number plates: find, read, vote over frames, and compare with watch patterns (GA 36-2018)."""

import os

# From 1.29 on onnxruntime tells its maker of each start, by a lasting number of the machine (its docs/Privacy.md). It
# looks here once, as it is loaded; readers' processes inherit it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
