"""What everything else stands on: clock, errors, limits, geography."""
