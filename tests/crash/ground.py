"""What is crashed: one hub on SQLite, or three on one PostgreSQL and one Redis, each a real process."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from command.access.accounts import AGENT
from command.access.keys import SiteKey
from command.actors import Role
from command.blobs import Blobs, FolderBlobs, PostgresBlobs
from command.journal import Journal
from command.journal.postgres import PostgresJournal
from command.journal.sqlite_snapshot import SqliteSnapshot
from command.kernel.postgres import Postgres
from command.readings import Readings
from command.readings.postgres import PostgresReadings
from command.readings.sqlite import SqliteReadings
from consoles.parts.stores import accounts_alone
from consoles.settings import load_settings
from tests.crash.disk import SmallDisk, may_mount
from tests.crash.waiting import CLOCK, insist
from tests.e2e.hub_process import DidNotStartError, HubProcess, add_accounts
from tests.ports import free_port
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer
from tests.server import Server

Kind = Literal["sqlite", "hubs"]
SIGN_S = 1
VIID_PASSWORD = "right-horse-battery"
_CONFIG = f"""
plate_workers = 0
[limits]
sign_s = {SIGN_S}
[viid]
server_id = "43062100005030000001"
password = "{VIID_PASSWORD}"
port = """
_START_MS = 180_000
_AGAIN_MS = 300


@dataclass
class Ground:
    """The running processes of one site."""

    kind: Kind
    hubs: list[HubProcess]
    data: Path
    viid_urls: list[str] = field(default_factory=list)
    """Where each hub is told passages over GA/T 1400."""
    journal_url: str = ""
    postgres: PostgresServer | None = None
    redis: RedisServer | None = None
    disk: SmallDisk | None = None
    passwords: dict[str, str] = field(default_factory=dict)
    agent_keys: dict[str, str] = field(default_factory=dict)

    async def start_hub(self, hub: HubProcess) -> None:
        """Start it, again and again as a supervisor does while it says itself that something is missing."""
        end_ms = CLOCK.now_ms() + _START_MS
        while True:
            try:
                return await hub.start()
            except DidNotStartError as error:
                insist(error.code == 2 and CLOCK.now_ms() < end_ms, f"the hub at {hub.url} did not start: {error.code}")
            await CLOCK.sleep(_AGAIN_MS)

    async def start_hubs(self) -> None:
        """Start all of them at once."""
        async with asyncio.TaskGroup() as group:
            for hub in self.hubs:
                group.create_task(self.start_hub(hub))

    @asynccontextmanager
    async def journal(self) -> AsyncIterator[Journal]:
        """The record as it is stored, read beside the hubs."""
        if not self.journal_url:
            snapshot = SqliteSnapshot(self.data / "journal.sqlite3")
            try:
                yield snapshot
            finally:
                await snapshot.close()
            return
        postgres = await Postgres.open(self.journal_url, (), "site")
        try:
            yield await PostgresJournal.open(postgres)
        finally:
            await postgres.close()

    @asynccontextmanager
    async def readings(self) -> AsyncIterator[Readings]:
        """The readings as they are stored."""
        kept: Readings
        if self.journal_url:
            kept = await PostgresReadings.open(self.journal_url)
        else:
            kept = SqliteReadings(self.data / "readings.sqlite3")
        try:
            yield kept
        finally:
            await kept.close()

    @asynccontextmanager
    async def blobs(self) -> AsyncIterator[Blobs]:
        """The pictures as they are stored."""
        box = SiteKey.load(self.data / "site.key").box("blobs")
        if not self.journal_url:
            yield FolderBlobs(self.data / "blobs", box)
            return
        postgres = await Postgres.open(self.journal_url, (), "site")
        try:
            yield PostgresBlobs(postgres, box)
        finally:
            await postgres.close()


@asynccontextmanager
async def ground_of(
    kind: Kind, folder: Path, people: dict[str, tuple[Role, str]], agents: Mapping[str, Sequence[str]]
) -> AsyncIterator[Ground]:
    """Make a site in an empty folder and start it; whatever happens, all its processes are gone afterwards.

    `agents` are edge agents, each with its cameras.
    """
    key = secrets.token_hex(32)
    async with AsyncExitStack() as stack:
        if kind == "sqlite":
            ground = _alone(folder, stack)
        else:
            ground = await _three(folder, stack)
        for hub in ground.hubs:
            hub.data.mkdir(parents=True, exist_ok=True)
            (hub.data / "site.key").write_text(key)
        ground.passwords.update(await add_accounts(ground.data, people, ground.journal_url or None))
        ground.agent_keys.update(await _add_agents(ground, agents))
        stack.push_async_callback(_end, ground.hubs)
        await ground.start_hubs()
        yield ground


async def _add_agents(ground: Ground, agents: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Give each agent its cameras and a key, as `triune agent` does beside a hub; return the keys."""
    chosen = load_settings(None, data=str(ground.data), journal=ground.journal_url or None)
    keys: dict[str, str] = {}
    async with accounts_alone(chosen, SiteKey.load(ground.data / "site.key"), CLOCK) as accounts:
        for agent, cameras in agents.items():
            for camera in cameras:
                await accounts.set_camera_address(camera, f"edge://{agent}/rtsp://127.0.0.1:9/{camera}")
            keys[agent] = await accounts.issue(AGENT + agent)
    return keys


def _alone(folder: Path, stack: AsyncExitStack) -> Ground:
    disk = stack.enter_context(_small_disk(folder / "disk")) if may_mount() else None
    data = folder / "disk" / "var"
    flags, viid_url = _of_its_own(folder, 1)
    return Ground("sqlite", [HubProcess(data, *flags, log=folder / "hub1.log")], data, [viid_url], disk=disk)


def _of_its_own(folder: Path, number: int) -> tuple[list[str], str]:
    """Write the settings of a hub; return the flags that name them, and where it speaks GA/T 1400."""
    config, port = folder / f"hub{number}.toml", free_port()
    config.write_text(f"{_CONFIG}{port}\n")
    return ["--config", str(config)], f"http://127.0.0.1:{port}"


@contextmanager
def _small_disk(folder: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(folder)
    try:
        yield disk
    except BaseException:
        disk.free()
        shutil.copytree(folder, folder.with_name("disk-of-failure"))
        raise
    finally:
        disk.close()


async def _three(folder: Path, stack: AsyncExitStack) -> Ground:
    postgres = PostgresServer()  # not in a thread: interrupted there, it would leave its folder behind
    redis = RedisServer()
    servers: tuple[Server, ...] = (postgres, redis)
    for server in servers:
        stack.push_async_callback(_close, server, folder)
        await asyncio.to_thread(server.start)
    url = postgres.url(await asyncio.to_thread(postgres.create_database))
    hubs, viid_urls = [], []
    for n in (1, 2, 3):
        flags, viid_url = _of_its_own(folder, n)
        flags += ["--journal", url, "--bus", redis.url]
        hubs.append(HubProcess(folder / f"hub{n}", *flags, log=folder / f"hub{n}.log"))
        viid_urls.append(viid_url)
    return Ground("hubs", hubs, hubs[0].data, viid_urls, url, postgres, redis)


async def _close(server: Server, folder: Path) -> None:
    """Keep what it logged beside what the hubs logged."""
    with suppress(FileNotFoundError):  # it was not started yet
        shutil.copy(server.log, folder / f"{type(server).__name__}.log")
    await asyncio.to_thread(server.close)


async def _end(hubs: list[HubProcess]) -> None:
    for hub in hubs:
        if hub.pid is not None:
            await hub.kill()
