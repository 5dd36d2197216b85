"""Idempotency keys: a request that comes again does nothing the second time and is answered with the row as it is."""

from __future__ import annotations

import hashlib
import sqlite3

import msgspec

from command.kernel.errors import ConflictError
from command.kernel.limits import SERVICE_KEYS

SCHEMA = """
CREATE TABLE request_keys (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL,
    subject TEXT NOT NULL
)
"""


class Once(msgspec.Struct, frozen=True):
    """A request's idempotency key and what it asked for."""

    key: str
    digest: bytes


def once(key: str, operation: str, body: object) -> Once:
    """Return the key bound to what is asked; `operation` is method and path."""
    return Once(key, hashlib.sha256(operation.encode() + b"\0" + msgspec.json.encode(body)).digest())


def recall(connection: sqlite3.Connection, request: Once) -> str | None:
    """Return what the same request brought about before, or None.

    Raises `ConflictError` where the key was used for something else.
    """
    row = connection.execute("SELECT digest, subject FROM request_keys WHERE key = ?", (request.key,)).fetchone()
    if row is None:
        return None
    digest, subject = row
    if digest != request.digest:
        raise ConflictError("this Idempotency-Key was used for another request")
    return str(subject)


def remember(connection: sqlite3.Connection, request: Once, subject: str) -> None:
    """Note in the same transaction that the request brought about `subject`; forget the oldest past `SERVICE_KEYS`."""
    inserted = connection.execute(
        "INSERT INTO request_keys (key, digest, subject) VALUES (?, ?, ?)", (request.key, request.digest, subject)
    )
    connection.execute("DELETE FROM request_keys WHERE n <= ?", ((inserted.lastrowid or 0) - SERVICE_KEYS,))
