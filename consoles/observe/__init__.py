"""Watching a hub: structured logs with one id from request to fact to row, and traces."""
