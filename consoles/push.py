"""Push: rows to consoles. A change is encoded once, joined with its neighbours of one tick, framed once for all alike.

A console that reads too slowly is sent nothing but the beat until its socket has drained; then it gets the newest value
of every row it missed, at once. So what waits for it is bounded by the number of rows, and an old row never follows a
newer one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from command import wire
from command.access.kept_cameras import KeptTo
from command.access.visibility import tables_of
from command.hub import Changes, Hub
from command.kernel.clock import Clock
from command.kernel.errors import NoRightError, UnavailableError
from command.rows import Row
from command.tables import OF_READINGS, Table, Tables
from consoles.console import Audience, Console, audience_of
from consoles.frames import PING, text_frame
from consoles.limits import BEAT_MS, CONSOLE_CATCH_UP_MS, CONSOLE_PING_MS, PUSH_TICK_MS
from consoles.seals import Seals
from consoles.views import View


class Feed:
    """All consoles of one space. `clock` paces the sending; what is sent tells the time of the hub's own clock.

    The two differ in a rehearsal, whose time stands still, runs or jumps while consoles go on living in ours.
    """

    def __init__(self, hub: Hub, clock: Clock, kept_to: KeptTo = MappingProxyType({})) -> None:
        """`kept_to` has the roles that alone see rows of what some cameras show."""
        self._hub = hub
        self._clock = clock
        self._kept_to = kept_to
        self._consoles: set[Console] = set()
        self._views: dict[Audience, View] = {}
        self._behind: set[Console] = set()
        self._changed: dict[tuple[str, str], Row | None] = {}
        self._sent_seq = 0
        self._seals = Seals(hub)
        self._something = asyncio.Event()
        self._listened_ms = 0
        """For how long consoles could be heard: not while this process was stopped, nor over a jump of the clock."""
        self._sure = False
        """Whether the last beat that anybody was sent said that the hub can record."""
        self.stalled = 0
        """Consoles cut off because they read nothing for too long."""
        hub.listen(self._on_change)

    def __len__(self) -> int:
        return len(self._consoles)

    @property
    def sent_seq(self) -> int:
        """Up to where everything was sent to consoles that keep up."""
        return self._sent_seq

    @property
    def behind(self) -> int:
        """How many consoles read too slowly just now."""
        return len(self._behind)

    def join(self, console: Console) -> None:
        """Count a console that is connected; it is sent nothing but pings before it subscribes."""
        self.heard(console)
        self._consoles.add(console)

    def heard(self, console: Console) -> None:
        """Note that the console said something."""
        console.heard_ms = self._listened_ms

    async def subscribe(self, console: Console, request: wire.Subscribe) -> None:
        """Send what the console lacks and follow from there.

        Waits until the socket has room, so that who asks again and again without reading fills no memory. Raises
        `NoRightError` for a table it may not see, `UnavailableError` where it saw more than this hub can read.
        """
        self.heard(console)
        filters = {name: wanted.situation for name, wanted in request.tables.items()}
        if hidden := filters.keys() - tables_of(console.actor):
            raise NoRightError(f"not for your role: {', '.join(sorted(hidden))}")
        await self.drained(console)
        # The numbers of another history say nothing here: a backup was restored, and went on from there.
        history, _, seal = (request.history or self._hub.history).partition(".")
        ours = history == self._hub.history
        after = request.after if ours else None
        await self._reach(max(after or 0, request.seen) if ours else 0)
        if after and seal and not await self._seals.fits(after, seal):
            after = None
        await self._hub.read(lambda tables: self._begin(console, filters, after, tables))

    async def _reach(self, seq: int) -> None:
        """Come at least to where a console was at another hub, or its rows would go backwards.

        Only where the journal itself ends before (a backup was restored) is the past to be shown; it gets a snapshot.
        """
        if seq <= self._hub.committed_seq:
            return
        try:
            async with asyncio.timeout(CONSOLE_CATCH_UP_MS / 1000):
                await self._hub.catch_up(seq)
        except TimeoutError:
            raise UnavailableError(f"this hub is too far behind {seq}; try another") from None
        if self._hub.committed_seq < seq and not self._hub.accepting:
            raise UnavailableError(f"this hub cannot read as far as {seq} now; try another")

    async def drained(self, console: Console) -> None:
        """Return once the console's socket has room, or is closing."""
        while console.congested:
            await self._clock.sleep(PUSH_TICK_MS)

    def _begin(self, console: Console, filters: dict[str, str | None], after: int | None, tables: Tables) -> None:
        """Take the snapshot and start to follow in one step, so that nothing falls between (style rule 4)."""
        self._flush()
        self._give_missed(console)  # before the new rows, or an older value would follow
        new = [name for name in filters if name not in console.filters or console.filters[name] != filters[name]]
        self._leave_view(console)
        view = self._enter_view(console, filters, tables)
        seq, now_ms = tables.seq, self._hub.clock.now_ms()
        missed: dict[tuple[str, str], Row | None] = {}
        whole: list[str] = []
        for name in new:
            # Which rows of a table seen in part a console had then is not known any more.
            rows = None if view.is_partial(name) else _missed(tables.by_name[name], name, after, seq)
            if rows is None:
                whole.append(name)
            else:
                missed |= {(name, key): row for key, row in rows.items()}
        if missed and (told := view.changes(missed)):
            console.send(self._delta(seq, now_ms, told))  # one frame, since it moves the number that is resumed from
        for name in whole:
            console.send(view.snapshot(tables.by_name[name], seq, self._seals.of(seq), now_ms))
        console.send(self._beat(console))

    def _enter_view(self, console: Console, filters: dict[str, str | None], tables: Tables) -> View:
        audience = audience_of(console.actor, filters)
        view = self._views.get(audience)
        if view is None:
            view = self._views[audience] = View(audience, tables, self._kept_to)
        view.consoles.add(console)
        console.filters, console.audience = filters, audience
        self._consoles.add(console)
        return view

    def _leave_view(self, console: Console) -> None:
        if console.audience is not None:
            view = self._views[console.audience]
            view.consoles.remove(console)
            if not view.consoles:
                del self._views[console.audience]
            console.audience = None

    def leave(self, console: Console) -> None:
        """Forget a console that is gone."""
        self._leave_view(console)
        self._consoles.discard(console)
        self._behind.discard(console)
        console.let_go()

    def close(self) -> None:
        """Cut every console off: the space is gone."""
        for console in list(self._consoles):
            console.transport.close()
            self.leave(console)

    async def run(self) -> None:
        """Send until cancelled: changes each tick, a beat in each second without any."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send_changes(), name="push-changes")
            tasks.create_task(self._send_beats(), name="push-beats")

    def _on_change(self, _seq: int, changes: Changes) -> None:
        self._changed.update(changes)
        self._something.set()

    async def _send_changes(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            self._flush()
            for console in list(self._behind):
                self._catch_up(console)
            await self._clock.sleep(PUSH_TICK_MS)
            if self._behind:
                self._something.set()

    def _flush(self) -> None:
        """Send what changed since the last time to everybody who keeps up, and note it for those who do not."""
        changed, self._changed = self._changed, {}
        seq, now_ms = self._hub.committed_seq, self._hub.clock.now_ms()
        if changed:
            for view in self._views.values():
                rows = view.changes(changed)
                if not rows:
                    continue
                frame = self._delta(seq, now_ms, rows)
                view.told = True
                for console in view.consoles.send(frame):
                    self._fall_behind(console)
                    console.behind.update(rows)
        self._sent_seq = seq

    def _fall_behind(self, console: Console) -> None:
        if console.behind_since_ms is None:
            console.behind_since_ms, console.complete_seq = self._clock.now_ms(), self._sent_seq
            self._behind.add(console)
            self._something.set()

    async def _send_beats(self) -> None:
        looked_ms = self._clock.now_ms()
        while True:
            self._flush()  # so that the beat's number says what everybody has
            sure, self._sure = self._sure and self._hub.accepting, True
            beat = self._beat_of(self._sent_seq, 0)
            for view in list(self._views.values()):
                if not (view.told and sure):  # else only to who is behind: it says how old the picture is
                    for console in view.consoles.send(beat):
                        self._fall_behind(console)
                view.told = False
                view.forget_snapshots()
            for console in self._behind:
                console.send(self._beat(console))
            now_ms = self._clock.now_ms()
            self._listened_ms += min(now_ms - looked_ms, 2 * BEAT_MS)
            looked_ms = now_ms
            for console in list(self._consoles):
                self._keep_in_touch(console)
            await self._clock.sleep(BEAT_MS)

    def _keep_in_touch(self, console: Console) -> None:
        """Ping it, and cut it off where it is silent: its network may be gone, or it is frozen."""
        if console.is_silent(self._listened_ms):
            self.stalled += 1
            console.transport.abort()
            self.leave(console)
        elif self._listened_ms - max(console.heard_ms, console.pinged_ms) >= CONSOLE_PING_MS:
            console.pinged_ms = self._listened_ms
            console.send(PING)

    def _catch_up(self, console: Console) -> None:
        """Once the socket has drained, send what was missed."""
        if not console.congested:
            self._give_missed(console)

    def _give_missed(self, console: Console) -> None:
        """Send the newest of every row that the console missed, between beats that say how old its picture was."""
        if console.behind_since_ms is None:
            return
        told = self._beat(console)
        if console.behind:
            told += self._delta(self._sent_seq, self._hub.clock.now_ms(), console.behind)
        console.behind, console.behind_since_ms = {}, None
        self._behind.discard(console)
        console.send(told + self._beat(console))

    def _delta(self, seq: int, now_ms: int, rows: Mapping[tuple[str, str], Row | None]) -> bytes:
        tables: dict[str, dict[str, Row | None]] = {}
        for (table, key), row in rows.items():
            tables.setdefault(table, {})[key] = row
        delta = wire.Delta(seq=seq, now_ms=now_ms, tables=tables, seal=self._seals.of(seq))
        return text_frame(msgspec.json.encode(delta))

    def _beat(self, console: Console) -> bytes:
        since_ms = console.behind_since_ms
        if since_ms is None:
            return self._beat_of(self._sent_seq, 0)
        return self._beat_of(console.complete_seq, self._clock.now_ms() - since_ms)

    def _beat_of(self, seq: int, behind_ms: int) -> bytes:
        hub = self._hub
        self._sure = self._sure and hub.accepting
        beat = wire.Beat(seq=seq, now_ms=hub.clock.now_ms(), accepting=hub.accepting, behind_ms=behind_ms)
        return text_frame(msgspec.json.encode(beat))


def _missed(table: Table[Row], name: str, after: int | None, seq: int) -> dict[str, Row | None] | None:
    if after is None or after > seq or name in OF_READINGS:
        return None
    return table.changes_since(after)
