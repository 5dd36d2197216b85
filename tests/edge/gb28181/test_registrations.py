"""Registrations outlive a restart of the hub (SPEC R470–R472)."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from command.access.keys import SiteKey
from command.kernel.clock import Clock, SystemClock, VirtualClock
from command.kernel.database import SqliteDatabase
from command.kernel.errors import UnavailableError
from edge.gb28181.invite import InviteError
from edge.gb28181.platform import Platform
from edge.gb28181.registrations import SCHEMA, Registrations
from edge.limits import GB28181_BEAT_MS, GB28181_BEATS_MISSED
from edge.sip.message import Request, Response, parse, respond, serialise
from tests.edge.gb28181.site import DEVICE, DOMAIN, SERVER, Hub, running, until
from tests.edge.gb28181.test_platform import CHANNEL, MEDIA, NOW_MS, Device, device
from tests.edge.gb28181.test_registrar import answered

CATALOGUE = (
    f"<SumNum>1</SumNum><DeviceList Num='1'><Item><DeviceID>{CHANNEL}</DeviceID><Name>gate-7</Name>"
    f"<Status>ON</Status></Item></DeviceList>"
)


@asynccontextmanager
async def hub(folder: Path, clock: Clock, key: bytes) -> AsyncIterator[tuple[Platform, Registrations]]:
    """A platform as a hub with this folder and key has it; it ends as a hub ends."""
    db = SqliteDatabase(folder / "gb28181.sqlite3", SCHEMA, "gb28181")
    kept = Registrations(db, SiteKey(key).box("gb28181"), clock)
    async with running(Hub(), clock=clock, kept=kept) as platform:
        yield platform, kept
    await db.close()


async def catalogued(camera: Device, platform: Platform) -> None:
    """Answer the question for the catalogue."""
    while True:
        message = await camera.take()
        if isinstance(message, Request) and b"Catalog" in message.body and message.method == "MESSAGE":
            break
    number = message.body.split(b"<SN>")[1].split(b"<")[0].decode()
    body = f"<Response><CmdType>Catalog</CmdType><SN>{number}</SN><DeviceID>{DEVICE}</DeviceID>{CATALOGUE}</Response>"
    assert (await camera.ask("MESSAGE", body=body)).status == 200
    await until(lambda: platform.states()[0].catalogue.startswith("whole"))


async def test_a_device_is_reached_at_once_after_a_restart_and_known_by_its_next_word(tmp_path: Path) -> None:
    clock, key = VirtualClock(NOW_MS), secrets.token_bytes(32)
    async with hub(tmp_path, clock, key) as (before, _), device(before) as camera:
        assert (await camera.register()).status == 200
        await catalogued(camera, before)
        clock.advance(NOW_MS + 10_000)
        async with hub(tmp_path / "other", clock, key) as (other, _):
            assert "nothing came from this device" in other.diagnosis(DEVICE)
    clock.advance(NOW_MS + 100_000)
    async with hub(tmp_path, clock, key) as (after, kept), device(after) as again:
        (state,) = after.states()
        assert (state.online, after.online, kept.counters.restored) == (False, 0, 1)
        assert state.reason == "registered before the restart, waiting for its keepalive"
        assert (state.registered_ms, [each.name for each in state.channels]) == (NOW_MS, ["gate-7"])
        assert after.diagnosis(DEVICE).startswith(
            "registered before the restart, waiting for its keepalive; last heard"
        )

        again.turn_to(after.port)
        assert (await again.say("Keepalive", "<Status>OK</Status>")).status == 200
        assert (after.states()[0].online, after.online) == (True, 1)
        while not any(b"Catalog" in each.body for each in again.heard):  # it is learned and subscribed to anew
            await again.take()


async def test_an_invite_goes_out_before_the_device_has_said_a_word(tmp_path: Path) -> None:
    clock, key = VirtualClock(NOW_MS), secrets.token_bytes(32)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        async with asyncio.timeout(60):
            async with hub(tmp_path, clock, key) as (before, _):
                assert (await Device(sock, before.port).register()).status == 200
            async with hub(tmp_path, clock, key) as (after, _), asyncio.TaskGroup() as tasks:
                camera = Device(sock, after.port)
                camera.silent_to.add("INVITE")
                tasks.create_task(_refused(after))
                while not (camera.heard and camera.heard[-1].method == "INVITE"):
                    await camera.take()
                camera.raw(serialise(respond(camera.heard[-1], 486, tag="d")))


async def _refused(platform: Platform) -> None:
    with pytest.raises(InviteError, match="INVITE answered 486"):
        await platform.invite(DEVICE, CHANNEL, MEDIA).__aenter__()


async def test_one_that_stays_silent_or_ran_out_is_said_to_be_so_and_never_to_be_unknown(tmp_path: Path) -> None:
    clock, key = VirtualClock(NOW_MS), secrets.token_bytes(32)
    async with hub(tmp_path, clock, key) as (before, _), device(before) as camera:
        assert (await camera.register()).status == 200
    async with hub(tmp_path, clock, key) as (after, _):
        clock.advance(NOW_MS + GB28181_BEAT_MS * (GB28181_BEATS_MISSED + 1))
        async with asyncio.timeout(60):
            while "not heard of since" not in after.states()[0].reason:
                clock.advance(clock.now_ms() + 1000)
                await SystemClock().sleep(1)
    async with hub(tmp_path, clock, key) as (after, _):  # it is not forgotten that it was offline
        assert "not heard of since" in after.states()[0].reason
        with pytest.raises(InviteError, match=r"registered \d+ s ago, offline"):
            await after.invite(DEVICE, CHANNEL, MEDIA).__aenter__()
        async with device(after) as camera:
            assert (await camera.register()).status == 200
        assert after.online == 1
    clock.advance(NOW_MS + 10 * 3_600_000)
    async with hub(tmp_path, clock, key) as (after, _):
        assert (after.online, after.states()[0].reason) == (0, "its registration ran out")


async def test_a_device_over_tcp_is_waited_for(tmp_path: Path) -> None:
    clock, key = VirtualClock(NOW_MS), secrets.token_bytes(32)
    async with hub(tmp_path, clock, key) as (before, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", before.port)
        answer = Response(status=0, reason="", headers=())
        for number in (1, 2):
            login = "" if number == 1 else f"{': '.join(answered(answer))}\r\n"
            writer.write(
                f"REGISTER sip:{SERVER}@{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:1;branch=z9hG4bK{number}\r\n"
                f"From: <sip:{DEVICE}@{DOMAIN}>;tag=t\r\nTo: <sip:{DEVICE}@{DOMAIN}>\r\nCall-ID: t\r\n"
                f"CSeq: {number} REGISTER\r\nExpires: 3600\r\n{login}Content-Length: 0\r\n\r\n".encode()
            )
            answer = _response(await reader.readuntil(b"\r\n\r\n"))
        assert answer.status == 200
        writer.close()
    async with hub(tmp_path, clock, key) as (after, _):
        with pytest.raises(InviteError, match="waiting for its keepalive"):
            await after.invite(DEVICE, CHANNEL, MEDIA).__aenter__()
        with pytest.raises(UnavailableError, match="waiting for its keepalive"):
            await after.move(DEVICE, CHANNEL, 0, 0, 0)


async def test_a_registration_is_written_at_once_sealed_and_opened_with_its_own_key_only(tmp_path: Path) -> None:
    clock, key = VirtualClock(NOW_MS), secrets.token_bytes(32)
    async with hub(tmp_path, clock, key) as (before, _), device(before) as camera:
        assert (await camera.register()).status == 200
        await catalogued(camera, before)
        killed = SqliteDatabase(tmp_path / "gb28181.sqlite3", SCHEMA, "gb28181")
        try:  # what another hub would find if this one were killed now
            async with asyncio.timeout(60):
                while not await killed.rows("SELECT 1 FROM registrations"):
                    await camera.say("Keepalive", "<Status>OK</Status>")
        finally:
            await killed.close()
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert DEVICE.encode() in written
    assert b"gate-7" not in written
    assert b"127.0.0.1" not in written
    async with hub(tmp_path, clock, secrets.token_bytes(32)) as (after, kept):
        assert (after.states(), kept.counters.unreadable) == ([], 1)


async def test_what_cannot_be_written_now_is_written_later(tmp_path: Path) -> None:
    clock, key = VirtualClock(NOW_MS), secrets.token_bytes(32)

    class Away(SqliteDatabase):
        is_away = True

        async def write(self, *statements: tuple[str, tuple[str | int | bytes | None, ...]]) -> list[int]:
            if self.is_away:
                raise UnavailableError("the disk is full")
            return await super().write(*statements)

    db = Away(tmp_path / "gb28181.sqlite3", SCHEMA, "gb28181")
    kept = Registrations(db, SiteKey(key).box("gb28181"), clock)
    async with running(Hub(), clock=clock, kept=kept) as platform, device(platform) as camera:
        assert (await camera.register()).status == 200
        await until(lambda: kept.counters.failed_writes > 0)
        db.is_away = False
    await db.close()
    async with hub(tmp_path, clock, key) as (after, _):
        assert len(after.states()) == 1


def _response(packet: bytes) -> Response:
    message = parse(packet)
    assert isinstance(message, Response)
    return message
