"""Where the outside links of a rehearsal end: what they would have sent is written down, and nothing leaves.

The links are those of the live space; only the services behind them are played here, without a connection.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import asdict, replace

from command.facts import Recorded
from command.facts.scene import LinkCameUp, LinkWentDown
from command.hub import Hub, recorded
from command.kernel.errors import TriuneError
from command.links.approval import ApprovalLink
from command.links.case import CaseLink
from command.links.clients import ApprovalClient, CaseClient
from command.links.follow import Link
from command.links.service_messages import (
    Approval,
    ApprovalAsking,
    ApprovalDecision,
    Case,
    CaseMove,
    CaseOpening,
)
from command.links.sms import SmsGateway, SmsLink
from plans.limits import REHEARSAL_TOLD

SITE = "rehearsal"
_READ_FACTS = 500


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What an outside service would have been told: which one, of what (case step, approval, text), about whom."""

    at_ms: int
    link: str
    what: str
    about: str
    text: str = ""


Note = Callable[[str, str, str, str], None]
"""link, what, about, text."""


class Recorder:
    """Follows the journal with every link. A link that the script took down tells later, once it is up again."""

    def __init__(self, hub: Hub) -> None:
        self.told: list[Told] = []
        self.dropped = 0
        """Beyond `REHEARSAL_TOLD`; counted, not kept."""
        self._hub = hub
        self._seq = 0
        self._links: list[Link] = [
            CaseLink(hub, _Cases(self._note), SITE),
            ApprovalLink(hub, _Approvals(self._note), SITE),
            SmsLink(hub, _Texts(self._note), SITE),
        ]
        self._held: dict[str, list[Recorded]] = {}

    @property
    def idle(self) -> bool:
        """Say whether everything durable has been told."""
        return self._seq >= self._hub.committed_seq

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            await self._hub.wait_beyond(self._seq)
            for stored in await self._hub.journal.read(self._hub.space, self._seq, _READ_FACTS):
                await self._take(recorded(stored))
                self._seq = stored.seq

    async def _take(self, fact: Recorded) -> None:
        match fact.fact:
            case LinkWentDown() as down:
                self._held.setdefault(down.link, [])
            case LinkCameUp() as up:
                link = next((link for link in self._links if link.name == up.link), None)
                for earlier in self._held.pop(up.link, ()):
                    if link is not None:
                        await self._tell(link, earlier)
            case _:
                for link in self._links:
                    if link.name in self._held:
                        self._held[link.name].append(fact)
                    else:
                        await self._tell(link, fact)

    async def _tell(self, link: Link, fact: Recorded) -> None:
        try:
            await link.tell(fact)
        except TriuneError as error:
            self._note(link.name, "refused", str(fact.seq), error.detail)

    def _note(self, link: str, what: str, about: str, text: str) -> None:
        if len(self.told) >= REHEARSAL_TOLD:
            self.dropped += 1
            return
        self.told.append(Told(at_ms=self._hub.clock.now_ms(), link=link, what=what, about=about, text=text))


class _Cases(CaseClient):
    """A case service that has nothing but what it was told."""

    def __init__(self, note: Note) -> None:
        super().__init__("", "")
        self._note = note
        self._cases: dict[str, Case] = {}

    async def open_case(self, key: str, opening: CaseOpening) -> Case:
        """Open once for each key."""
        number = next((n for n, case in self._cases.items() if case.situation == opening.situation), None)
        if number is None:
            number = f"演练-{len(self._cases) + 1}"
            self._note("case", "opened", opening.situation, opening.title)
            self._cases[number] = Case(
                number=number, situation=opening.situation, source=opening.source, kind=opening.kind,
                level=opening.level, title=opening.title, place=opening.place, step="opened",
                opened_ms=opening.at_ms, changed_ms=opening.at_ms, due_ms=None, closed_ms=None, history=(),
            )  # fmt: skip
        return self._cases[number]

    async def move_case(self, key: str, number: str, move: CaseMove) -> Case:
        """One step on."""
        case = self._cases[number] = replace(self._cases[number], step=move.step, changed_ms=move.at_ms)
        self._note("case", move.step, case.situation, case.title)
        return case

    async def case(self, number: str) -> Case:
        """Return it."""
        return self._cases[number]


class _Approvals(ApprovalClient):
    """An approval service that waits for the script, or for a person at a desk."""

    def __init__(self, note: Note) -> None:
        super().__init__("", "")
        self._note = note
        self._approvals: dict[str, Approval] = {}

    async def ask(self, key: str, asking: ApprovalAsking) -> Approval:
        """Ask once for each key."""
        if key not in self._approvals:
            self._note("approval", "asked", asking.ref.removeprefix(f"{SITE}/"), asking.item)
            self._approvals[key] = Approval(id=key, **asdict(asking))
        return self._approvals[key]

    async def decide(self, key: str, approval_id: str, decision: ApprovalDecision) -> Approval:
        """Take the decision."""
        state = "granted" if decision.decision == "grant" else "refused"
        row = replace(self._approvals[approval_id], state=state, decided_by=decision.by, why=decision.why)
        self._approvals[approval_id] = row
        self._note("approval", state, row.ref.removeprefix(f"{SITE}/"), f"{row.item} {decision.by}")
        return row


class _Texts(SmsGateway):
    """A gateway that takes every text."""

    def __init__(self, note: Note) -> None:
        self._write = note

    async def send(self, key: str, phone: str, text: str) -> None:
        """Take it."""
        self._write("sms", "sent", phone, text)
