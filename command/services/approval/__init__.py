"""The approval service (审批): a yes or no within its time, watched by the service itself, in its own SQLite file."""
