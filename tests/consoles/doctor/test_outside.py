"""What lies outside is asked for real: PostgreSQL, Redis, TLS with good, old and strange certificates, cameras."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from command import requests as q
from command.access.accounts import SCHEMA, Accounts
from command.access.keys import SiteKey
from command.actors import HUB
from command.hub import Hub
from command.journal.postgres import PostgresJournal
from command.kernel.clock import SystemClock
from command.kernel.database import SqliteDatabase
from command.kernel.postgres import Postgres
from consoles.doctor import outside
from tests.ports import free_port
from tests.postgres import PostgresServer

NOW_MS = SystemClock().now_ms()
DAY_MS = 86_400_000


async def test_a_database_that_is_away_empty_filled_changed_or_careless_is_told(
    postgres_server: PostgresServer,
) -> None:
    away = await outside.postgres(f"postgresql://triune:hunter2@127.0.0.1:{free_port()}/x", NOW_MS)
    assert [one.verdict for one in away] == ["fail"]
    wrong = await outside.postgres("postgresql://a:pass@word@b:port/x", NOW_MS)
    assert wrong[0].verdict == "fail"
    assert "pass" not in wrong[0].told("en")["what"]
    url = postgres_server.url(await asyncio.to_thread(postgres_server.create_database))
    empty = await outside.postgres(url, NOW_MS)
    assert [(one.check, one.verdict) for one in empty] == [("database", "ok"), ("journal", "ok")]
    assert "none yet" in empty[1].what.en
    postgres = await Postgres.open(url, (), "doctor")
    try:
        hub = Hub("live", SystemClock(), await PostgresJournal.open(postgres))
        await hub.load()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(hub.run())
            answer = await hub.ask(q.ReportCall(dialled="110", caller="1"), HUB)
            running.cancel()
        now_ms = SystemClock().now_ms()
        filled = await outside.postgres(url, now_ms)
        assert filled[1].verdict == "ok"
        assert f"ends with fact {answer.seq}" in filled[1].what.en
        await postgres.fetch("UPDATE facts SET actor = 'somebody else' WHERE seq = $1", answer.seq)
        assert (await outside.postgres(url, now_ms))[1].verdict == "fail"
        await postgres.fetch("UPDATE triune_schemas SET version = 99 WHERE name = 'journal'")
        assert "schema 99" in (await outside.postgres(url, now_ms))[1].what.en
    finally:
        await postgres.close()


async def test_a_bus_that_answers_and_one_that_is_away(redis_url: str) -> None:
    found = await outside.bus(redis_url)
    assert (found.check, found.verdict) == ("bus", "ok")
    assert (await outside.bus(f"redis://:hunter2@127.0.0.1:{free_port()}/0")).verdict == "fail"
    assert (await outside.bus("nonsense")).verdict == "fail"


def certificate(folder: Path, days: int) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate of 127.0.0.1 that ends in so many days, and what a server needs to show it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "case")])
    until = datetime.fromtimestamp(NOW_MS / 1000, UTC) + timedelta(days=days, hours=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - timedelta(days=400))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{days}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


@contextmanager
def showing(context: ssl.SSLContext) -> Iterator[int]:
    """Yield the port of one that shows its certificate and closes; in a thread, which sees each connection's end."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, suppress(OSError), context.wrap_socket(connection, server_side=True):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(("days", "trusted", "verdict"), [(90, True, "ok"), (5, True, "warn"), (-3, True, "fail"),
                                                          (90, False, "fail")])  # fmt: skip
async def test_certificates_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, trusted: bool, verdict: str
) -> None:
    path, context = certificate(tmp_path, days)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with showing(context) as port:
        found = await outside.service("case", f"https://127.0.0.1:{port}/", NOW_MS)
    assert found.verdict == verdict, found


async def test_a_service_that_answers_and_one_that_does_not() -> None:
    async with TestServer(web.Application()) as server:
        assert (await outside.service("sms", str(server.make_url("/")), NOW_MS)).verdict == "ok"
    gone = await outside.service("sms", f"http://127.0.0.1:{free_port()}/", NOW_MS)
    assert (gone.check, gone.verdict) == ("service sms", "warn")


@asynccontextmanager
async def speaking(answer: bytes) -> AsyncIterator[int]:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_cameras_that_do_not_answer_are_named_and_their_passwords_are_not(tmp_path: Path) -> None:
    assert (await outside.cameras(tmp_path)).verdict == "ok", "none are none to complain of"
    key = SiteKey.load(tmp_path / "site.key")
    database = SqliteDatabase(tmp_path / "access.sqlite3", SCHEMA, "access")
    accounts = await Accounts.open(database, key, SystemClock())
    async with (
        speaking(b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n") as camera,
        speaking(b"HTTP/1.1 200\r\n") as web,
    ):
        await accounts.set_camera_address("k1", f"rtsp://admin:hunter2@127.0.0.1:{camera}/ch1")
        good = await outside.cameras(tmp_path)
        assert (good.verdict, good.what.en) == ("ok", "1 answer")
        await accounts.set_camera_address("k2", f"rtsp://admin:hunter2@127.0.0.1:{free_port()}/ch1")
        await accounts.set_camera_address("k3", f"rtsp://admin:hunter2@127.0.0.1:{web}/ch1")
        found = await outside.cameras(tmp_path)
    await accounts.close()
    assert (found.verdict, found.what.en) == ("warn", "2 of 3 do not answer: k2, k3")
    (tmp_path / "site.key").write_text("1" * 64, encoding="ascii")
    assert (await outside.cameras(tmp_path)).verdict == "fail"


async def test_only_cameras_that_the_hub_goes_to_are_asked(tmp_path: Path) -> None:
    """Adopted by ONVIF they answer at their web port; those behind agents and devices come to the hub (R734)."""
    key = SiteKey.load(tmp_path / "site.key")
    accounts = await Accounts.open(SqliteDatabase(tmp_path / "access.sqlite3", SCHEMA, "access"), key, SystemClock())
    async with speaking(b"") as web:
        for name, address in {
            "k1": f"onvif://admin:hunter2@127.0.0.1:{web}/onvif/device_service?profile=p1",
            "k2": "gb28181://43062100001180000001/43062100001310000001?transport=tcp_passive",
            "k3": "edge://gate-3/rtsp://admin:hunter2@10.1.2.3/main",
            "k4": "whip:0123456789abcdefghij",
            "k5": "file:///clips/gate.mp4#play=once",
        }.items():
            await accounts.set_camera_address(name, address)
        good = await outside.cameras(tmp_path)
    silent = await outside.cameras(tmp_path)
    await accounts.close()
    assert (good.verdict, good.what.en) == ("ok", "1 answer; 4 come to the hub or an agent and were not asked")
    assert (silent.verdict, silent.what.en) == ("warn", "1 of 1 do not answer: k1")
