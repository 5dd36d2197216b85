"""`triune violations verify` against the record that several hubs share (SPEC R608)."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from command.access.keys import SiteKey
from command.facts import encode
from command.facts.violations import ViolationPacked
from command.journal import Entry, Head, StoredFact
from command.journal.postgres import PostgresJournal
from command.kernel.postgres import Postgres
from command.readings.postgres import PostgresReadings
from consoles.cli import violations
from streams.violations import pack
from tests.consoles.cli.asking import command
from tests.streams.violations.test_pack import _PARTS, _manifest


async def recorded(url: str, manifests: list[bytes]) -> None:
    """Put into the record that these packs were made, as a hub does."""
    postgres = await Postgres.open(url, (), "site")
    journal = await PostgresJournal.open(postgres)
    facts = [ViolationPacked(violation="v12", manifest=sha256(each).hexdigest(), clip="missing") for each in manifests]
    stored = tuple(StoredFact(seq=n, at_ms=1, actor="hub", data=encode(fact)) for n, fact in enumerate(facts, 1))
    async with journal.turn("live") as turn:
        assert (await turn.append([Entry(key="k", subject="v12", facts=stored)], Head(), [])).stored
    await (await PostgresReadings.open(url)).close()
    await postgres.close()


def test_a_pack_is_looked_for_in_the_record_that_hubs_share(
    tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    site = SiteKey.load(tmp_path / "var" / "site.key")
    config, file = tmp_path / "triune.toml", tmp_path / "v12.zip"
    config.write_text(f'data = "{tmp_path / "var"}"\njournal = "{postgres_url}"\n', encoding="utf-8")
    key = Ed25519PrivateKey.from_private_bytes(site.derive(pack.PURPOSE))
    file.write_bytes(pack.zipped(_manifest(), _PARTS, b"{}", b"a paper", key))
    words = ("violations", "verify", file, "--config", config)

    asyncio.run(recorded(postgres_url, [b"another", _manifest()]))
    code, lines, told = command(violations, capsys, *words)
    assert (code, lines, told["authentic"], told["recorded_seq"]) == (0, [], True, 2)
    assert not (tmp_path / "var" / "journal.sqlite3").exists()


def test_a_pack_that_the_shared_record_does_not_name_is_none_of_the_sites(
    tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    site = SiteKey.load(tmp_path / "site.key")
    key = Ed25519PrivateKey.from_private_bytes(site.derive(pack.PURPOSE))
    file = tmp_path / "v12.zip"
    file.write_bytes(pack.zipped(_manifest(), _PARTS, b"{}", b"a paper", key))
    asyncio.run(recorded(postgres_url, [b"another"]))
    words = ("violations", "verify", file, "--data", tmp_path, "--journal", postgres_url)
    code, lines, told = command(violations, capsys, *words)
    assert (code, lines) == (1, ["its manifest does not stand in the site's record"])
    assert told["recorded_seq"] is None
