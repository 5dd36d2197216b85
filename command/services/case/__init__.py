"""The case service (案卷): seven steps from collection to assessment, in its own SQLite file."""
