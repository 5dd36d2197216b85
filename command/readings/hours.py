"""The tables of what was read before each camera in each hour; here and not with what counts, since backups hold them.

`agent_hours` are totals that edge agents tell, each of one run of its process: what is told twice counts once.
"""

from __future__ import annotations

SCHEMA = (
    """
    CREATE TABLE reading_hours (
        camera TEXT NOT NULL, hour INTEGER NOT NULL, watched_ms INTEGER NOT NULL, passages INTEGER NOT NULL,
        confidence_milli INTEGER NOT NULL, found INTEGER NOT NULL, unread INTEGER NOT NULL, moving INTEGER NOT NULL,
        strangers INTEGER NOT NULL, PRIMARY KEY (camera, hour)
    );
    CREATE INDEX reading_hours_by_hour ON reading_hours (hour);
    """,
    """
    CREATE TABLE agent_hours (
        camera TEXT NOT NULL, hour INTEGER NOT NULL, run TEXT NOT NULL, found INTEGER NOT NULL,
        unread INTEGER NOT NULL, moving INTEGER NOT NULL, PRIMARY KEY (camera, hour, run)
    );
    CREATE INDEX agent_hours_by_hour ON agent_hours (hour);
    """,
)
HOUR_MS = 3_600_000
