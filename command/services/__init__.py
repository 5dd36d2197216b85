"""Small real services for the county that has none of its own: cases, approvals."""
