"""Where stores of either kind are, and an archive of one, for whoever backs up and restores."""

from __future__ import annotations

from pathlib import Path

import pytest

from command.backup.stores import new_stores
from tests.command.backup.keeping import KEY, Kept, Where, fill, kept, take
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


@pytest.fixture
async def filled(tmp_path: Path) -> tuple[Path, Kept]:
    """An archive, and what it was made of."""
    folder = tmp_path / "filled"
    async with new_stores(folder, KEY, None) as stores:
        await fill(stores)
        before = await kept(stores)
        await take(stores, tmp_path / "archive")
    return tmp_path / "archive", before
