"""Where stores of either kind are, for whoever backs up and restores."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command.backup.keeping import Where
from tests.postgres import PostgresServer


@pytest.fixture
def where(tmp_path: Path, request: pytest.FixtureRequest) -> Where:
    """Return a folder, and a database where the kind is one, anew with each call."""

    def found(kind: str) -> tuple[Path, str | None]:
        number = len(list(tmp_path.iterdir()))
        folder = tmp_path / f"{kind}{number}"
        folder.mkdir()
        if kind == "sqlite":
            return folder, None
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return folder, server.url(server.create_database())

    return found
