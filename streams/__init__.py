"""Cameras as lifecycles, the video relay, and plate reading."""
