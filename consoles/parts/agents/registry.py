"""The edge agents that this hub knows: who is connected, and what each is to do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

import msgspec

from command.access.accounts import Accounts
from command.facts.recording import RecordingPolicy
from command.hub import Changes, Hub
from command.kernel.errors import TriuneError, UnavailableError, UnknownIdError
from command.requests import ReportLink
from command.rows import CameraRow, LinkRow, WatchRow
from command.tables import Tables
from command.telling import keep_said, tell
from consoles.parts.agents.entries import Entries
from consoles.parts.agents.errands import Link
from consoles.parts.agents.items import Uploads
from consoles.parts.cameras.aims import aims
from consoles.parts.hubs.replies import AGENT_HOP
from edge.agent.protocol import Disk, Library, Standing, Watch
from edge.limits import AGENT_CAMERAS
from streams.plates.watcher import Aim

log = logging.getLogger(__name__)
SCHEME = "edge"
_Wanted = tuple[bool, RecordingPolicy, Aim, tuple[float, float]]
"""Whether plates are read before a camera, what is recorded of it, where it looks, and where it stands."""
_TICK_MS = 1000


class Duty(msgspec.Struct, frozen=True):
    """A camera that an agent is to run."""

    camera: str
    address: str
    reads_plates: bool
    recording: RecordingPolicy
    aim: Aim


class Duties(msgspec.Struct, frozen=True):
    """What one agent is to do: its cameras, and what of the watch list can fire before them."""

    cameras: tuple[Duty, ...]
    watches: tuple[Watch, ...]
    libraries: tuple[Library, ...] = ()

    def __repr__(self) -> str:
        """Without the addresses, which hold passwords."""
        return f"Duties({len(self.cameras)} cameras, {len(self.watches)} watches)"


class AgentState(msgspec.Struct, kw_only=True):
    """What is known of an agent, as `GET /api/v1/agents` tells it. `since_ms` is when it came or went."""

    id: str
    up: bool
    since_ms: int
    hub: str = ""
    """Of several hubs the one that it is connected to, or was last, as other hubs reach that one."""
    told: bool = True
    """False where that hub does not answer: then no more is known than that it is there."""
    release: str = ""
    version: int = 0
    errands: list[str] = []
    """The kinds of errands that it does; one too old for any has none."""
    cameras: list[str] = []
    behind: int = 0
    behind_bytes: int = 0
    waiting: dict[str, int] = {}
    shed: dict[str, int] = {}
    not_stored: int = 0
    no_plates: str = ""
    """Why it reads none; empty while it does, or is not to."""
    disks: list[Disk] = []
    """Of its recordings."""
    libraries: dict[str, str] | None = None
    """The lists (库) that it looks for, each by its file; null of one too old for any."""
    lists: list[str] | None = None
    """Those that it is to look for, as they can fire before its cameras; null where that is not known."""
    clock_ahead_ms: int = 0
    taken: int = 0
    refused: int = 0


class Connected(Link, Protocol):
    """A connection of an agent."""

    async def tell(self, duties: Duties, *, restate: bool) -> None:
        """Tell the agent what it is to do."""
        ...

    async def replaced(self) -> None:
        """End it, since the agent has come again."""
        ...


def in_charge(address: str) -> tuple[str, str] | None:
    """Return the agent and the address that it is to use, of `edge://agent/address`; None for what is no such one."""
    if not address.startswith(f"{SCHEME}://"):
        return None
    agent, slash, inner = address.removeprefix(f"{SCHEME}://").partition("/")
    return (agent, inner) if agent and slash and inner else None


class Agents:
    """The agents of one hub. `run` keeps them told.

    `is_found()` says whether other hubs find here what is here. To them an agent of a hub that they do not find is
    away: while one hub said that and this one the contrary, its alarm would come and go without end.
    """

    def __init__(self, hub: Hub, accounts: Accounts, is_found: Callable[[], bool]) -> None:
        self.states: dict[str, AgentState] = {}
        self.uploads: dict[str, Uploads] = {}
        self._hub = hub
        self._accounts = accounts
        self._is_found = is_found
        self._connected: dict[str, Connected] = {}
        self._told: dict[str, Duties] = {}
        self._duties: dict[str, Duties] = {}
        self._restate: set[str] = set()
        self._wanted: dict[str, _Wanted] = {}
        self._entries = Entries()
        self._changed = asyncio.Event()
        hub.listen(self._on_change)
        accounts.listen_addresses(self._changed.set)

    def __len__(self) -> int:
        return len(self._connected)

    def _on_change(self, _seq: int, changes: Changes) -> None:
        for (table, key), row in changes.items():
            match row:
                case CameraRow() if _is_wanted_so(row, self._wanted.get(key)):
                    pass  # only up or down
                case LinkRow(state="down") if self._is_found() and key.removeprefix(f"{SCHEME}.") in self._connected:
                    self._restate.add(key.removeprefix(f"{SCHEME}."))  # another hub took it for away
                    self._changed.set()
                case _ if table in ("cameras", "watches", "libraries", "regions"):
                    self._changed.set()

    async def duties(self) -> dict[str, Duties]:
        """Return what each agent is to do now. Raises `TriuneError` where nobody can tell."""
        cameras, rows, watches = await self._hub.read(lambda t: _wanted(t, self._hub.clock.now_ms()))
        libraries = await self._hub.read(lambda t: list(t.libraries))
        self._wanted = cameras
        of: dict[str, list[Duty]] = {}
        for camera, address in sorted((await self._accounts.camera_addresses()).items()):
            place = in_charge(address)
            if place is not None and camera in cameras:
                mine = of.setdefault(place[0], [])
                if len(mine) < AGENT_CAMERAS:
                    mine.append(Duty(camera, place[1], *cameras[camera][:3]))
                else:
                    log.warning("agent %s has %d cameras and is not told of %s", place[0], AGENT_CAMERAS, camera)
        names = {*await self._accounts.agents(), *of}
        self._entries.take(watches, [rows[duty.camera] for mine in of.values() for duty in mine], libraries)
        self._duties = {
            agent: Duties(
                tuple(of.get(agent, ())),
                self._entries.of(agent, [duty.camera for duty in of.get(agent, ())]),
                self._entries.lists_of([duty.camera for duty in of.get(agent, ())]),
            )
            for agent in names
        }
        return self._duties

    def camera_at(self, address: str) -> str:
        """Return the camera that an agent runs at `edge://agent/address`. Raises `UnavailableError`."""
        place = in_charge(address)
        if place is None:
            raise UnavailableError(f"the address of an agent's camera is {SCHEME}://AGENT/ADDRESS", hop="address")
        agent, inner = place
        known = self._duties.get(agent, Duties((), ())).cameras
        camera = next((duty.camera for duty in known if duty.address == inner), None)
        if camera is None:
            raise UnavailableError(f"edge agent {agent} has not been told of this camera yet", hop=AGENT_HOP)
        return camera

    def runs(self, agent: str, address: str) -> bool:
        """Say whether an enrolled camera is at this address of an agent."""
        return any(duty.address == address for duty in self._duties.get(agent, Duties((), ())).cameras)

    def agent_of(self, camera: str) -> str:
        """Return the agent of a camera. Raises `UnknownIdError`."""
        for name, duties in self._duties.items():
            if any(duty.camera == camera for duty in duties.cameras):
                return name
        raise UnknownIdError(f"camera {camera} is run by no agent")

    def is_here(self, agent: str) -> bool:
        """Say whether it is connected to this hub."""
        return agent in self._connected

    def here(self) -> list[str]:
        """Return the agents that are connected to this hub."""
        return list(self._connected)

    def link_to(self, agent: str, kind: str) -> Link:
        """Return the connection of an agent that does errands of a kind. Raises `UnavailableError`."""
        link, state = self._link(agent), self.states[agent]
        if kind not in state.errands:
            detail = f"edge agent {agent} of release {state.release} is too old for this ({kind}): update it"
            raise UnavailableError(detail, hop=AGENT_HOP, too_old=True)
        return link

    def doing(self, kind: str) -> list[str]:
        """Return the connected agents that do errands of a kind."""
        return sorted(agent for agent in self._connected if kind in self.states[agent].errands)

    def _link(self, agent: str) -> Link:
        link = self._connected.get(agent)
        if link is None:
            detail = f"edge agent {agent} is not connected to this hub: is its machine on, does its link reach here?"
            raise UnavailableError(detail, hop=AGENT_HOP)
        return link

    async def join(self, agent: str, connection: Connected, state: AgentState) -> None:
        """Take a connection and tell the agent what it is to do; one before is half open by now, and ends.

        Raises `TriuneError` where nobody can tell.
        """
        duties = (await self.duties()).get(agent, Duties((), ()))
        former, before = self._connected.get(agent), self.states.get(agent)
        self._connected[agent] = connection
        self._told[agent] = duties
        state.cameras = [duty.camera for duty in duties.cameras]
        state.lists = [library.id for library in duties.libraries]
        if before is not None:
            state.taken, state.refused, state.shed = before.taken, before.refused, before.shed
        self.states[agent] = state
        self.uploads.setdefault(agent, Uploads())
        if former is not None:
            await former.replaced()
        await connection.tell(duties, restate=True)
        self._changed.set()  # what changed while it was joining
        await self._say_here(agent)

    def leave(self, agent: str, connection: Connected) -> None:
        """Note that a connection ended."""
        if self._connected.get(agent) is connection:
            del self._connected[agent]
            state = self.states[agent]
            state.up, state.since_ms = False, self._hub.clock.now_ms()

    def standing(self, agent: str, standing: Standing) -> None:
        """Note how an agent says that it is."""
        state = self.states[agent]
        state.waiting, state.behind = standing.waiting, sum(standing.waiting.values())
        state.behind_bytes, state.not_stored = standing.waiting_bytes, standing.not_stored
        if standing.no_plates != state.no_plates:
            log.warning("agent %s reads plates: %s", agent, standing.no_plates or "again")
        state.no_plates = standing.no_plates
        state.disks = state.disks if standing.disks is None else standing.disks
        state.libraries = standing.libraries
        state.clock_ahead_ms = standing.now_ms - self._hub.clock.now_ms()
        for kind, count in standing.shed.items():
            if more := count - state.shed.get(kind, 0):
                log.warning("agent %s shed %d items of kind %s that this hub will never see", agent, more, kind)
        state.shed = standing.shed

    async def run(self) -> None:
        """Tell agents what they are to do whenever it changes, until cancelled."""
        self._changed.set()  # so that those that never come back after a restart are known, and missed
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._tell_all(await self.duties())
            except TriuneError as error:
                log.warning("agents go on as they were told: %s", error.detail)
                await self._hub.clock.sleep(_TICK_MS)
                self._changed.set()

    async def keep_said(self) -> None:
        """Say of agents that are connected here that they are, where the record has it otherwise, until cancelled.

        With it goes how their cameras are, which somebody may have called away with them.
        """

        def differing(t: Tables) -> set[str]:
            if not self._is_found():
                return set()
            rows = {agent: t.links.get(f"{SCHEME}.{agent}") for agent in self._connected}
            return {agent for agent, row in rows.items() if row is None or row.state != "up"}

        async def say(agent: str) -> None:
            self._restate.add(agent)
            self._changed.set()

        await keep_said(self._hub, differing, say)

    async def _tell_all(self, duties: dict[str, Duties]) -> None:
        self._note_known(duties)
        for agent, connection in list(self._connected.items()):
            mine = duties.get(agent) or Duties((), ())
            restate = agent in self._restate
            if restate or self._told.get(agent) != mine:
                self._restate.discard(agent)
                self._told[agent] = mine
                await connection.tell(mine, restate=restate)
                if restate:
                    await self._say_here(agent)

    def _note_known(self, duties: dict[str, Duties]) -> None:
        for agent, mine in duties.items():
            state = self.states.get(agent)
            if state is None:
                state = self.states[agent] = AgentState(id=agent, up=False, since_ms=self._hub.clock.now_ms())
            state.cameras = [duty.camera for duty in mine.cameras]
            state.lists = [library.id for library in mine.libraries]

    async def _say_here(self, agent: str) -> None:
        if self._is_found():
            await tell(self._hub, ReportLink(link=f"{SCHEME}.{agent}", up=True), log, "how an agent is")


def _is_wanted_so(row: CameraRow, wanted: _Wanted | None) -> bool:
    if wanted is None:
        return False
    reads_plates, recording, aim, place = wanted
    return (row.reads_plates, row.recording, row.bearing_deg, (row.lat, row.lon)) == (
        reads_plates, recording, aim.bearing_deg, place,
    )  # fmt: skip


def _wanted(t: Tables, now_ms: int) -> tuple[dict[str, _Wanted], dict[str, CameraRow], list[WatchRow]]:
    aimed = aims(t, now_ms)
    rows = {row.id: row for row in t.cameras}
    cameras = {
        camera: (row.reads_plates, row.recording, aimed[camera], (row.lat, row.lon)) for camera, row in rows.items()
    }
    return cameras, rows, [watch for watch in t.watches if watch.state == "active"]
