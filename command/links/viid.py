"""The tables of GA/T 1400: what other view libraries and their devices are here, and what waits to be told them."""

from __future__ import annotations

SCHEMA = (
    """
    CREATE TABLE devices (
        device TEXT PRIMARY KEY, camera TEXT NOT NULL, peer TEXT NOT NULL, heard_ms INTEGER NOT NULL,
        refused INTEGER NOT NULL
    );
    CREATE TABLE own (camera TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE);
    CREATE TABLE orders (
        kind TEXT NOT NULL, peer TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, watch TEXT NOT NULL,
        ended INTEGER NOT NULL, until_ms INTEGER NOT NULL, PRIMARY KEY (kind, peer, id)
    );
    CREATE INDEX orders_by_watch ON orders (watch);
    CREATE TABLE waiting (
        receiver TEXT NOT NULL, key TEXT NOT NULL, at_ms INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (receiver, key)
    );
    CREATE INDEX waiting_in_order ON waiting (receiver, at_ms, key);
    CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
    """,
    """
    CREATE TABLE lowers (id TEXT PRIMARY KEY, body BLOB NOT NULL, leased_ms INTEGER NOT NULL, ended INTEGER NOT NULL);
    CREATE TABLE catalogue (device TEXT PRIMARY KEY, peer TEXT NOT NULL, body BLOB NOT NULL, told_ms INTEGER NOT NULL);
    """,
    """
    CREATE TABLE cascades (peer TEXT PRIMARY KEY, body BLOB NOT NULL, ended_ms INTEGER NOT NULL);
    CREATE TABLE cascaded (
        peer TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
        told_ms INTEGER NOT NULL, PRIMARY KEY (peer, id)
    );
    """,
)
"""What the database is to be opened with; several hubs may share it. `waiting` is not in backups: see there."""
