"""Every message to and from consoles. The pages' TypeScript types are generated from here."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from command import rows
from command.actors import Role
from command.kernel.limits import PASSWORD_MOST_CHARS
from command.rows import Row
from command.tables import Tables

VERSION = "1"
"""Of this protocol; a page built for another one reloads itself."""

TABLES: dict[str, type[Row]] = {
    "calls": rows.CallRow,
    "situations": rows.SituationRow,
    "orders": rows.OrderRow,
    "stations": rows.StationRow,
    "units": rows.UnitRow,
    "devices": rows.DeviceRow,
    "retired": rows.RetiredRow,
    "positions": rows.PositionRow,
    "passages": rows.PassageRow,
    "fences": rows.FenceRow,
    "cameras": rows.CameraRow,
    "watches": rows.WatchRow,
    "libraries": rows.LibraryRow,
    "hits": rows.HitRow,
    "alarms": rows.AlarmRow,
    "sos": rows.SosRow,
    "messages": rows.MessageRow,
    "evidence": rows.EvidenceRow,
    "plans": rows.PlanRow,
    "activations": rows.ActivationRow,
    "tasks": rows.TaskRow,
    "approvals": rows.ApprovalRow,
    "cases": rows.CaseRow,
    "links": rows.LinkRow,
    "focus": rows.FocusRow,
    "screens": rows.ScreenRow,
    "marks": rows.MarkRow,
    "sections": rows.SectionRow,
    "restrictions": rows.RestrictionRow,
    "regions": rows.RegionsRow,
    "violations": rows.ViolationRow,
}
"""What consoles can mirror, and the rows they get."""

assert set(TABLES) == set(Tables().by_name) - {"deadlines", "holders", "queries"}


class ActorInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    id: str
    name: str
    roles: list[Role]
    unit: str = ""


class TableFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Only the rows of one situation, for tables whose rows name one."""

    situation: Annotated[str, Meta(max_length=64)] | None = None


class Subscribe(msgspec.Struct, frozen=True, kw_only=True, tag="subscribe", forbid_unknown_fields=True):
    """From a console: these tables from now on, and what changed `after` the sequence number it has, if it has one.

    Sent again it replaces the set; tables that were in it before go on without a new snapshot.
    """

    tables: Annotated[dict[Annotated[str, Meta(max_length=32)], TableFilter], Meta(max_length=32)]
    after: Annotated[int, Meta(ge=0)] | None = None
    history: Annotated[str, Meta(max_length=64)] | None = None
    """Of the welcome with which `after` and `seen` came, and after a point the seal that came with `after`.

    Where the hub's is another one, or the fact `after` has another seal, it sends everything anew. (In one word, for a
    hub of an earlier release refuses a field that it does not know, and takes this for another history.)
    """
    seen: Annotated[int, Meta(ge=0)] = 0
    """Up to where the console has seen rows, where that is beyond `after`: the hub's answer begins no earlier.

    Tables that are asked for anew have no `after`, and their rows may not go back for that.
    """


class Welcome(msgspec.Struct, frozen=True, kw_only=True, tag="welcome"):
    """First message to a console. `hub` changes when the hub restarts; `release` is the product's version.

    `history` is the record that the sequence numbers count, the same at all hubs of a site.
    """

    space: str
    hub: str
    history: str
    version: str
    release: str
    actor: ActorInfo
    now_ms: int


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, tag="snapshot"):
    """The whole of one table at `seq`, a fact of this `seal`; replaces what the console holds of it."""

    seq: int
    now_ms: int
    table: str
    rows: dict[str, Row]
    seal: str = ""


class Delta(msgspec.Struct, frozen=True, kw_only=True, tag="delta"):
    """Rows that changed up to `seq`, a fact of this `seal`, if that is known; null where a row is gone."""

    seq: int
    now_ms: int
    tables: dict[str, dict[str, Row | None]]
    seal: str = ""


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag="beat"):
    """The hub's clock, and whether it can record: in each second without rows. Three seconds without a word are stale.

    `behind_ms` is how old the oldest row is that this console has not been sent yet, because it reads too slowly.
    """

    seq: int
    now_ms: int
    accepting: bool
    behind_ms: int = 0


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """What the console sent could not be done."""

    status: int
    code: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457 problem details, as every HTTP error is answered."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Name and password of a local account."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=PASSWORD_MOST_CHARS)]


class AccountInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An account as administrators list it."""

    name: str
    display: str
    roles: list[Role]
    unit: str
    disabled: bool


class AccountList(msgspec.Struct, frozen=True, kw_only=True):
    """Every account, by name."""

    accounts: list[AccountInfo]


class NewAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account that an administrator adds; its password is made by the hub."""

    name: str
    display: str
    roles: list[Role]
    unit: str = ""


class AccountRoles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The roles that an account has from now on, and no others."""

    roles: list[Role]


class AccountPerson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose an account is from now on, and of which unit; what is null or left out stays."""

    display: str | None = None
    unit: str | None = None


class AccountState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether an account is shut out."""

    disabled: bool


class MadeAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account that was added, with its password: told this once."""

    name: str
    password: str


class MadePassword(msgspec.Struct, frozen=True, kw_only=True):
    """An account's new password: told this once."""

    password: str


class OwnPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's new password, and the one before as a proof that it is they who ask."""

    old: str
    new: str


AccountDeed = Literal[
    "added", "display", "unit", "roles", "disabled", "enabled", "password", "own_password", "token", "token_revoked",
]  # fmt: skip
"""What was done to an account, or to the token of a device."""


class AccountChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an account, or of a device's token; `name` is the account, the device, or `agent:` and an agent.

    `by` is an account, `hub` for what a start makes, or `command line` and the user of that machine. `detail` is, of an
    account added, its roles and unit; of another person's name, unit or roles, before and after; else empty.
    """

    at_ms: int
    by: str
    what: AccountDeed
    name: str
    detail: str


class AccountChanges(msgspec.Struct, frozen=True, kw_only=True):
    """The newest changes, the newest first."""

    changes: list[AccountChange]


class DeviceToken(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a device has a token."""

    issued: bool


class DeviceTokens(msgspec.Struct, frozen=True, kw_only=True):
    """Every enrolled device, by its id."""

    devices: dict[str, DeviceToken]


class MadeToken(msgspec.Struct, frozen=True, kw_only=True):
    """A device's new token, told this once; the one before no longer works."""

    token: str


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An open situation that a call may be about, with the evidence; `score` is 0…1."""

    situation: str
    score: float
    distance_m: float | None
    minutes: float
    same_caller: bool
    same_kind: bool


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """A unit that could go, and why it stands where it stands in the list."""

    unit: str
    distance_m: float
    arrival_s: int
    position_age_ms: int
    fits: bool
    why: list[Literal["nearest", "fits_service", "own_area", "stale_position", "other_service"]]


class BlobInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What an upload is answered: the name under which the file is kept."""

    sha256: str
    size: int
    media_type: str
