"""Who publishes here is looked after while others come and go (SPEC R668, R740, R1024, R1035)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from command import places, roll, taken_out
from command.access.keys import SiteKey
from command.journal.memory import MemoryJournal
from command.kernel.clock import VirtualClock
from command.kernel.database import SqliteDatabase
from command.kernel.errors import ConflictError
from command.kernel.limits import HUB_RETRY_MS, SAID_LOOK_MS
from command.requests import EnrolCamera, RemoveCamera, ReportCamera
from command.telling import tell
from consoles.parts.background import background
from consoles.parts.cameras.publishing import Publishing, publishing
from consoles.parts.hubs.part import Hubs
from consoles.parts.hubs.publishers import NEWER, PUBLISHER_KIND, PublishersOfHubs
from edge.agent.answering import Handler
from edge.agent.protocol import Errand
from streams.whip import WhipIngest
from tests.command.support import ADMIN, FlakyJournal, desk
from tests.consoles.cameras import CLOCK
from tests.edge.agent.support import until

log = logging.getLogger(__name__)


class Sessions(WhipIngest):
    """An ingest whose publishers come and go as the test says."""

    def __init__(self) -> None:
        super().__init__(CLOCK, (), lambda _: None, self._nobody)
        self.live: set[str] = set()
        self.stopped: list[str] = []

    async def _nobody(self, _camera: str) -> None:
        pass

    def holds(self, session_id: str) -> bool:
        return session_id in self.live

    async def stop(self, camera_id: str, session_id: str) -> None:
        del camera_id
        self.live.discard(session_id)
        self.stopped.append(session_id)


class Here:
    """One hub, on the roll, with what it hears from another that has a newer publisher."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.hubs = Hubs(Claiming(database, CLOCK), SiteKey(bytes(32)), CLOCK)
        self.sessions = Sessions()
        self.left: Callable[[str], Awaitable[bool]] = self._said
        self.went: list[str] = []
        handlers: dict[str, Handler] = {}

        def register(kind: str, handler: Handler) -> None:
            handlers[kind] = handler

        self.hubs.door.register = register  # type: ignore[method-assign]
        self.publishers = PublishersOfHubs(self.hubs, self.sessions, lambda _: "", self._left, CLOCK)
        self._newer = handlers[NEWER]

    async def _left(self, camera: str) -> bool:
        return await self.left(camera)

    async def _said(self, camera: str) -> bool:
        self.went.append(camera)
        return True

    async def take(self, camera: str, session: str) -> None:
        self.sessions.live.add(session)
        await self.publishers.take(camera, session)

    async def hear_newer(self, camera: str, turn: int) -> None:
        body = msgspec.Raw(msgspec.json.encode({"turn": turn}))
        await self._newer(Errand(id="x" * 43, kind=NEWER, camera=camera, body=body), cast("Any", None))


class Claiming(places.Places):
    """Places of which the test may do something between a claim and what follows it."""

    claimed: Callable[[int], Awaitable[None]] | None = None

    async def claim(self, kind: str, name: str) -> int:
        turn = await super().claim(kind, name)
        if self.claimed is not None:
            await self.claimed(turn)
        return turn


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    async with a_hub(tmp_path) as made:
        yield made


@asynccontextmanager
async def a_hub(tmp_path: Path) -> AsyncIterator[Here]:
    database = SqliteDatabase(tmp_path / "places.sqlite3", places.SCHEMA + roll.SCHEMA + taken_out.SCHEMA, "places")
    async with background() as tasks:
        made = Here(database)
        tasks.start(made.hubs.places.run("http://127.0.0.1:9"), "places")
        await until(lambda: made.hubs.places.own is not None)
        yield made
    await database.close()


async def test_who_comes_back_while_another_ones_end_is_recorded_stays_known(here: Here) -> None:  # R1024
    recorded = asyncio.Event()

    async def slowly(camera: str) -> bool:
        here.went.append(camera)
        await recorded.wait()
        return True

    here.left = slowly
    await here.take("a", "a1")
    await here.take("b", "b1")
    here.sessions.live.discard("a1")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(here.publishers.settle())
        await until(lambda: here.went == ["a"])
        here.sessions.live.discard("b1")
        await here.take("b", "b2")  # the phone is back after a moment without a network
        recorded.set()

    assert here.went == ["a"], "b is published"
    await until(lambda: is_told(here, "b"))
    await here.hear_newer("b", 99)
    assert here.sessions.stopped == ["b2"]


async def is_told(here: Here, camera: str) -> bool:
    own = here.hubs.places.own
    return own is not None and await here.hubs.places.at(PUBLISHER_KIND, camera) == [own]


async def test_who_comes_back_while_its_own_end_is_recorded_stays_known(here: Here) -> None:  # R1024
    async def meanwhile(camera: str) -> bool:
        await here.take(camera, "a2")
        return True

    here.left = meanwhile
    await here.take("a", "a1")
    here.sessions.live.discard("a1")
    await here.publishers.settle()
    await here.hear_newer("a", 99)
    assert here.sessions.stopped == ["a2"]


async def test_that_nobody_publishes_is_said_until_it_is_recorded(here: Here) -> None:  # R1021
    answers = [False, False, True]

    async def sometimes(camera: str) -> bool:
        here.went.append(camera)
        return answers.pop(0)

    here.left = sometimes
    await here.take("a", "a1")
    here.sessions.live.discard("a1")
    for _ in range(4):
        await here.publishers.settle()
    assert (here.went, answers) == (["a"] * 3, [])


async def test_a_camera_that_was_removed_is_forgotten_and_a_new_one_of_its_id_left_alone(
    here: Here, caplog: pytest.LogCaptureFixture
) -> None:  # R1035
    caplog.set_level(logging.WARNING, __name__)
    journal = FlakyJournal(MemoryJournal())
    async with desk(journal) as d:

        async def left(camera: str) -> bool:
            return await tell(d.hub, ReportCamera(camera=camera, up=False), log, f"whether {camera} publishes")

        here.left = left
        enrolling = EnrolCamera(camera="a", name="a", lat=29.0, lon=113.0)
        await d.ask(enrolling)
        await here.take("a", "a1")
        await d.ask(RemoveCamera(camera="a"), ADMIN)
        here.sessions.live.discard("a1")
        journal.is_full = True
        await here.publishers.settle()
        journal.is_full = False
        await d.pass_time(HUB_RETRY_MS)
        for _ in range(3):
            await here.publishers.settle()
        told = [record for record in caplog.records if record.name == __name__]
        assert len(told) == 2, "once while nobody could tell, and once that it is refused"
        await d.ask(enrolling)
        await d.ask(ReportCamera(camera="a", up=True))
        await here.publishers.settle()
        assert (await d.row("cameras", "a")).state == "up"


async def test_that_nobody_publishes_is_said_no_more_once_somebody_does(here: Here) -> None:  # R1021
    async def never(camera: str) -> bool:
        here.went.append(camera)
        return False

    here.left = never
    await here.take("a", "a1")
    here.sessions.live.discard("a1")
    await here.publishers.settle()
    await here.take("a", "a2")
    await here.publishers.settle()
    assert here.went == ["a"]


async def test_who_hears_of_a_newer_one_while_it_claims_lets_go(here: Here) -> None:  # R740
    assert isinstance(here.hubs.places, Claiming)

    async def newer(turn: int) -> None:
        await here.hear_newer("a", turn + 1)

    here.hubs.places.claimed = newer
    with pytest.raises(ConflictError):
        await here.take("a", "a1")
    assert here.sessions.stopped == [], "who is taking is told by the refusal, and ended by the ingest"
    with pytest.raises(ConflictError):
        await here.hear_newer("a", 1)


async def test_that_somebody_publishes_is_said_until_it_is_recorded() -> None:  # R1021
    clock, said, answers = VirtualClock(0), list[tuple[str, bool]](), [False, False, True]

    async def report(camera: str, *, up: bool) -> bool:
        said.append((camera, up))
        return answers.pop(0)

    class Keeper:
        """Its camera shows a picture at once."""

        def camera(self, _camera: str) -> Keeper:
            return self

        async def still(self) -> None:
            pass

    async with (
        background() as tasks,
        publishing(None, cast("Any", Keeper()), (), report, clock, tasks) as made,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(arrives(made))
        for shown in range(1, 4):
            await until(lambda shown=shown: len(said) == shown)  # type: ignore[misc]  # mypy cannot type a lambda's default
            clock.advance(clock.now_ms() + SAID_LOOK_MS)
    assert said == [("phone", True)] * 3


async def arrives(here: Publishing) -> None:
    await here.ingest._arrived("phone")
