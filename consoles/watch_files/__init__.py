"""Watch lists as files: read, with whatever is wrong told by row and column, and written for others to read."""
