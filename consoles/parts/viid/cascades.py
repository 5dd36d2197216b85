"""Tells lower systems which plates of our watch list to look out for, and when no longer; on one hub for all."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence

import aiohttp
import msgspec

from command.hub import Changes, Hub
from command.kernel.errors import InvalidInputError, TriuneError, UnavailableError
from command.rows import WatchRow
from consoles.parts.areas import Areas
from consoles.parts.viid.cascade_store import CascadeStore, KeptCascade, Told
from consoles.parts.viid.devices import Devices
from consoles.parts.viid.entries import Chosen, Left, chosen, is_in_force
from consoles.parts.viid.library import asker
from consoles.parts.viid.lower_store import LowerStore
from consoles.parts.viid.store import Turns
from consoles.parts.viid.tended import Tended
from edge.limits import (
    VIID_BACKOFF_FIRST_MS,
    VIID_BACKOFF_LONGEST_MS,
    VIID_CASCADE_AGAIN_MS,
    VIID_CASCADE_BATCH,
    VIID_CASCADE_END_MS,
    VIID_CASCADE_LOOK_MS,
    VIID_CASCADE_REFUSED_MS,
    VIID_CASCADE_STAND_MS,
    VIID_CASCADE_STRAYS,
)
from edge.viid.bodies import Verdict
from edge.viid.cascade import Cascade, Entry, ask, cancel, dispositions, standing
from edge.viid.codes import StatusCode
from edge.viid.faults import contained
from edge.viid.remote import NotSaidError, Remote

log = logging.getLogger(__name__)
_STEP_MS = 1000
_REASON_CHARS = 200
_TAKEN_OR_LATER = frozenset({StatusCode.OK, StatusCode.BUSY})


class CascadeState(msgspec.Struct, kw_only=True):
    """How a lower system does. `up` is None until it was asked; `waiting` are entries still to be told or cancelled."""

    peer: str
    up: bool | None = None
    reason: str = ""
    told_ms: int = 0
    agreed: int = 0
    in_force: int | None = None
    """Of those agreed, how many its own people approved; None where it does not say."""
    waiting: int = 0
    refused: int = 0
    refused_reason: str = ""
    left: dict[Left, int] = {}
    """Entries in force that are not told, by why."""


class Cascades:
    """Run `run`, on the hub that tells for all, and give `on_change` to the hub.

    `password_of(peer)` is what a system asks us for; it tells us at our origin `receive_at`.
    """

    def __init__(
        self, hub: Hub, store: CascadeStore, lower_store: LowerStore, devices: Devices, http: aiohttp.ClientSession,
        server_id: str, receive_at: str, password_of: Callable[[str], str],
    ) -> None:  # fmt: skip
        self._hub = hub
        self._clock = hub.clock
        self._store = store
        self._lower_store = lower_store
        self._devices = devices
        self._http = http
        self._server_id = server_id
        self._receive_at = receive_at
        self._password_of = password_of
        self._news = Turns()
        self._areas = Areas()
        self._choosing = asyncio.Lock()
        self._active: set[str] = set()
        """Entries that are in force, as far as was heard here."""
        self._tended = Tended(
            "lower systems that are told the watch list", store.changed, self._find, self._begin, lambda kept: kept
        )

    def states(self) -> dict[str, CascadeState]:
        """Return how each does."""
        return self._tended.states()

    def again(self, peer: str) -> bool:
        """Begin with one anew at once; say whether it is told from here."""
        return self._tended.again(peer)

    def on_change(self, _seq: int, changes: Changes) -> None:
        """Look anew where an entry came into force or is over."""
        for (table, key), row in changes.items():
            if table != "watches" or (isinstance(row, WatchRow) and row.state == "requested"):
                continue
            if not (isinstance(row, WatchRow) and row.state == "active"):
                self._active.discard(key)
            elif key in self._active:  # one more hit, or one less
                continue
            else:
                self._active.add(key)
            self._news.next()

    async def run(self) -> None:
        """Tell them until cancelled."""
        await self._tended.run()

    async def _find(self) -> dict[str, KeptCascade]:
        return {kept.cascade.peer: kept for kept in await self._store.cascades()}

    def _begin(self, name: str, kept: KeptCascade) -> tuple[CascadeState, Coroutine[None, None, None]]:
        state = CascadeState(peer=name)
        return state, self._tend(kept, state)

    async def _tend(self, kept: KeptCascade, state: CascadeState) -> None:
        """Bring a system to what it is to look out for, again and again; after what fails pauses get longer."""
        pause_ms, peer, asked_ms = VIID_BACKOFF_FIRST_MS, kept.cascade.peer, 0
        remote = Remote(self._http, self._server_id, self._server_id, self._password_of(peer))
        while True:
            turn = self._news.count
            try:
                with contained(kept.cascade.url):
                    if kept.ended_ms and self._clock.now_ms() - kept.ended_ms > VIID_CASCADE_END_MS:
                        log.warning("GA/T 1400 system %s was never told to stop looking for %d", peer, state.waiting)
                        await self._store.forget(peer)
                        return
                    if await self._bring(remote, kept, state, turn):
                        state.up, state.reason = True, ""
                    if kept.ended_ms:
                        await self._store.forget(peer)
                        return
            except TriuneError as error:
                state.up, state.reason = False, error.detail
                await self._pause(pause_ms, turn)
                pause_ms = min(2 * pause_ms, VIID_BACKOFF_LONGEST_MS)
            else:
                pause_ms = VIID_BACKOFF_FIRST_MS
                if self._clock.now_ms() - asked_ms >= VIID_CASCADE_STAND_MS:
                    asked_ms = self._clock.now_ms()
                    if await self._look_there(remote, kept.cascade, state):
                        continue
                await self._wait(turn)

    async def _pause(self, pause_ms: int, turn: int) -> None:
        """Wait, yet no longer than until there is news: what is lifted is not to wait behind a system that is full."""
        for _ in range(0, pause_ms, _STEP_MS):
            await self._clock.sleep(_STEP_MS)
            if self._news.count != turn:
                return

    async def _wait(self, turn: int) -> None:
        looked_ms = self._clock.now_ms()
        while self._news.count == turn and self._clock.now_ms() - looked_ms < VIID_CASCADE_LOOK_MS:
            await self._news.wait(turn)

    async def _bring(self, remote: Remote, kept: KeptCascade, state: CascadeState, turn: int) -> bool:
        """Cancel what is over, then tell what is new or was changed; say whether it was spoken to.

        Raises where some of it has to be tried again.
        """
        cascade, now_ms = kept.cascade, self._clock.now_ms()
        told = await self._store.told(cascade.peer)
        found = Chosen({}, {}) if kept.ended_ms else await self._chosen(cascade.peer, now_ms)
        gone = [one.entry for name, one in told.items() if name not in found.entries]
        due = [entry for name, entry in found.entries.items() if _is_due(told.get(name), entry, now_ms)]
        state.left = found.left
        _count(state, told, found, now_ms)
        ended = await self._cancel(remote, cascade, gone, now_ms)
        await self._tell(remote, cascade, due, told, turn)
        _check_busy(ended)
        _count(state, await self._store.told(cascade.peer), found, now_ms)
        spoke = bool(due) or any(entry.until_ms > now_ms for entry in gone)
        if spoke:
            state.told_ms = self._clock.now_ms()
        return spoke

    async def _look_there(self, remote: Remote, cascade: Cascade, state: CascadeState) -> bool:
        """Ask how it stands there; say whether there is something to be cancelled that nobody here knows of any more.

        That is written down as if it had just been asked for. A system that does not say is told all the same.
        """
        state.in_force = None
        try:
            with contained(cascade.url):
                found = await standing(remote, cascade, self._server_id, self._receive_at)
                told = await self._store.told(cascade.peer)
                strays = [
                    entry for entry, stands in found if entry.id not in told and stands in ("in force", "waiting")
                ]  # fmt: skip
                await self._store.keep(cascade.peer, strays[:VIID_CASCADE_STRAYS], "asked")
        except (InvalidInputError, NotSaidError):  # it has no such answer
            return False
        except TriuneError as error:
            state.up, state.reason = False, error.detail
            return False
        state.up, state.reason = True, ""
        state.waiting += len(strays)
        state.in_force = sum(stands == "in force" for entry, stands in found if entry.id in told)
        if strays:
            log.warning("GA/T 1400 system %s looks out for %d that it is not to", cascade.peer, len(strays))
        return bool(strays)

    async def _chosen(self, peer: str, now_ms: int) -> Chosen:
        """Look up areas one system after the other and beside the loop: of thousands at first that takes a second."""
        rows, cameras = await self._hub.read(
            lambda t: ([row for row in t.watches if is_in_force(row, now_ms)], list(t.cameras))
        )
        devices = await self._devices_of(peer) if any(row.area for row in rows) else {}

        def choose() -> Chosen:
            inside = self._areas.inside({row.area for row in rows if row.area}, cameras)
            others = [row for row in rows if row.requested_by != asker(peer)]
            return chosen(others, inside, devices, self._server_id, now_ms)

        async with self._choosing:
            return await asyncio.to_thread(choose)

    async def _devices_of(self, peer: str) -> dict[str, str]:
        """Return the devices of a system by the cameras that they are here: it told of them, or their passages."""
        listed = await self._lower_store.devices_of(peer)
        return {
            camera: device for camera, (device, by) in (await self._devices.ids()).items()
            if by == peer or device in listed
        }  # fmt: skip

    async def _cancel(
        self, remote: Remote, cascade: Cascade, gone: Sequence[Entry], now_ms: int
    ) -> list[tuple[Entry, Verdict]]:
        """End them there; past their time they have ended by themselves, whether anybody answers or not.

        Return what became of them. What cannot be ended now is tried again, and keeps what is new not waiting.
        """
        over = [entry for entry in gone if entry.until_ms <= now_ms]
        await self._store.drop(cascade.peer, over)
        verdicts: list[tuple[Entry, Verdict]] = []
        for some in _batches([entry for entry in gone if entry.until_ms > now_ms]):
            ended = await cancel(remote, cascade, some, self._body(some, cascade, ends=True))
            settled = [entry for entry, verdict in ended if verdict.code is not StatusCode.BUSY]
            await self._store.drop(cascade.peer, settled)
            verdicts += ended
            if not settled:
                break
        return verdicts

    async def _tell(
        self, remote: Remote, cascade: Cascade, due: Sequence[Entry], told: Mapping[str, Told], turn: int
    ) -> None:
        """Tell them batch by batch, as long as nothing of the list has changed: then they are chosen anew."""
        for some in _batches(due):
            verdicts: list[tuple[Entry, Verdict]] = []
            fresh = [entry for entry in some if entry.id not in told]
            if known := await self._still(entry for entry in some if entry.id in told):
                changed = await ask(remote, cascade, known, self._body(known, cascade), known=True)
                verdicts = [(entry, verdict) for entry, verdict in changed if verdict.code in _TAKEN_OR_LATER]
                await self._keep(cascade.peer, verdicts)
                # What it will not change it may never have had.
                fresh += [entry for entry, verdict in changed if verdict.code not in _TAKEN_OR_LATER]
            await self._store.keep(cascade.peer, fresh, "asked")
            if fresh := await self._still(fresh):
                asked = await ask(remote, cascade, fresh, self._body(fresh, cascade), known=False)
                await self._keep(cascade.peer, asked)
                verdicts += asked
            _check_busy(verdicts)
            if self._news.count != turn:
                return

    async def _still(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return those that are in force at this moment: what was lifted meanwhile is not told any more."""
        some, now_ms = list(entries), self._clock.now_ms()
        rows = await self._hub.read(lambda t: [t.watches.get(entry.watch) for entry in some])
        return [entry for entry, row in zip(some, rows, strict=True) if row is not None and is_in_force(row, now_ms)]

    async def _keep(self, peer: str, verdicts: Iterable[tuple[Entry, Verdict]]) -> None:
        agreed: list[Entry] = []
        refused: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry, verdict in verdicts:
            if verdict.code is StatusCode.OK:
                agreed.append(entry)
            elif verdict.code is not StatusCode.BUSY:
                refused[f"{int(verdict.code)}: {verdict.told}"[:_REASON_CHARS]].append(entry)
        await self._store.keep(peer, agreed, "agreed")
        for reason, entries in refused.items():
            await self._store.keep(peer, entries, "refused", reason)

    def _body(self, entries: Sequence[Entry], cascade: Cascade, *, ends: bool = False) -> dict[str, object]:
        now_ms = self._clock.now_ms()
        return dispositions(entries, cascade.peer, self._server_id, self._receive_at, now_ms, ends=ends)


def _is_due(told: Told | None, entry: Entry, now_ms: int) -> bool:
    """Say whether a system is to be told: it never was, said nothing, was told otherwise, or that is long ago."""
    if told is None or told.state == "asked" or told.entry != entry:
        return True
    again_ms = VIID_CASCADE_AGAIN_MS if told.state == "agreed" else VIID_CASCADE_REFUSED_MS
    return now_ms - told.told_ms >= again_ms


def _count(state: CascadeState, told: Mapping[str, Told], found: Chosen, now_ms: int) -> None:
    refused = [one.reason for one in told.values() if one.state == "refused"]
    state.agreed = sum(one.state == "agreed" for one in told.values())
    state.refused, state.refused_reason = len(refused), next(iter(refused), "")
    state.waiting = sum(name not in found.entries for name in told)
    state.waiting += sum(_is_due(told.get(name), entry, now_ms) for name, entry in found.entries.items())


def _batches(entries: Sequence[Entry]) -> list[Sequence[Entry]]:
    return [entries[first : first + VIID_CASCADE_BATCH] for first in range(0, len(entries), VIID_CASCADE_BATCH)]


def _check_busy(verdicts: Iterable[tuple[Entry, Verdict]]) -> None:
    busy = next((verdict for _, verdict in verdicts if verdict.code is StatusCode.BUSY), None)
    if busy is not None:
        raise UnavailableError(f"busy: {busy.told}"[:_REASON_CHARS])
