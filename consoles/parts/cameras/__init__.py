"""Cameras of the live space: brought to what the record says of them, seen, moved, recorded and read."""
