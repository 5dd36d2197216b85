"""Recordings of cameras: cut, kept within their room, found by time, and exported as evidence."""
