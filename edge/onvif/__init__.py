"""ONVIF cameras: discovery, profiles, stream addresses, movement, events."""
