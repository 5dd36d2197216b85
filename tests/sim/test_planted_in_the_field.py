"""Faults about calls for help, silence, leases, links, full disks and what a table still knows are put in and found."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import pytest

from command.kernel.errors import UnavailableError
from command.leases import SharedLeases
from command.links.follow import Follower
from command.patrol.watch import PatrolWatch
from command.tables import Table
from command.uplink.calls_for_help import CallsForHelp
from consoles.sim.narrow import TOMBSTONES
from consoles.sim.node import Parts
from consoles.sim.store import JournalAccess
from tests.sim.finding import found


def test_a_call_for_help_that_nobody_hears(monkeypatch: pytest.MonkeyPatch) -> None:  # R972
    async def ask(*_: Any) -> None:
        pass

    monkeypatch.setattr(CallsForHelp, "_ask_for_help", ask)
    assert "was taken, and is not in the record" in (found().failure or "")


def test_a_call_for_help_that_is_taken_while_the_record_is_away(monkeypatch: pytest.MonkeyPatch) -> None:  # R972
    real = CallsForHelp._ask_for_help

    async def ask(self: CallsForHelp, *call: Any) -> None:
        with contextlib.suppress(UnavailableError):
            await real(self, *call)

    monkeypatch.setattr(CallsForHelp, "_ask_for_help", ask)
    assert "was taken, and is not in the record" in (found(first=2).failure or "")


def test_a_call_for_help_that_a_restart_makes_anew(monkeypatch: pytest.MonkeyPatch) -> None:  # R972
    async def began(_: CallsForHelp, device: str, at_ms: int) -> int:
        return at_ms

    monkeypatch.setattr(CallsForHelp, "_call_began", began)
    assert re.search("is raised [2-9] times", found().failure or "")


def test_silence_that_nobody_reports(monkeypatch: pytest.MonkeyPatch) -> None:  # R973
    monkeypatch.setattr(PatrolWatch, "silent", lambda *_: [])
    assert "has been silent for" in (found().failure or "")


def test_a_lease_that_every_hub_takes(monkeypatch: pytest.MonkeyPatch) -> None:  # R974
    monkeypatch.setattr(SharedLeases, "_may_have", lambda *_: True)
    assert "one hub is to hold the lease" in (found().failure or "")


def test_a_lease_that_is_never_lost(monkeypatch: pytest.MonkeyPatch) -> None:  # R974
    monkeypatch.setattr(SharedLeases, "holds", lambda self, name: self._until_ms[name] > 0 or name in self._held)
    assert "one hub is to hold the lease" in (found().failure or "")


def test_a_link_that_believes_its_own_last_word(monkeypatch: pytest.MonkeyPatch) -> None:  # R974
    def keep(self: Follower, up: bool | None) -> None:
        self.__dict__["kept"] = self.__dict__.get("kept") if up is None else up

    monkeypatch.setattr(Follower, "_up", property(lambda self: self.__dict__["kept"], keep), raising=False)
    assert "the link sms is said to be" in (found(hubs=3, first=41).failure or "")


def test_a_hub_that_takes_a_full_disk_for_a_sound_one() -> None:  # R975
    class Unprobed(JournalAccess):
        async def probe(self) -> None:
            await self.access.trip()

    assert "after a full disk" in (found(Parts(journal=lambda real: Unprobed(real.access))).failure or "")


def test_a_table_that_forgets_how_far_back_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:  # R975
    def forget(self: Table[Any]) -> None:
        while len(self.dropped_seq) > TOMBSTONES:
            del self.dropped_seq[next(iter(self.dropped_seq))]

    monkeypatch.setattr(Table, "forget_oldest_drops", forget)
    assert "are not the hub's" in (found(first=2).failure or "")
