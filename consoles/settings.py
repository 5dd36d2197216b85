"""What an installation can set: a TOML file, every key optional, and a few flags for what one changes at the prompt."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from command.backup.schedule import Plan
from command.kernel.errors import InvalidInputError
from command.settings import Limits

Port = Annotated[int, Meta(ge=0, le=65535)]


class Outside(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outside service: where it is and the token it knows the hub by."""

    url: str
    token: str


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of one hub. Ports: 0 takes a free one."""

    data: str = "var"
    """Folder for everything that is kept."""
    journal: str = ""
    """`postgresql://…` of a database that several hubs share; empty: files in the data folder, for one hub alone."""
    bus: str = ""
    """`redis://…` by which hubs tell each other at once; without it they hear of each other a little later."""
    hubs: list[str] = []
    """Origins (`https://hub-2.county.example`) of all hubs as browsers reach them, where there are several."""
    host: str = "127.0.0.1"
    """Address to listen on for consoles and devices; 0.0.0.0 for all networks, behind a TLS proxy."""
    http_port: Port = 8080
    jt808_port: Port = 6808
    case_port: Port = 8081
    approval_port: Port = 8082
    video_addresses: list[str] = []
    """Addresses that video is sent from; empty: all that the machine has, the loopback too where it listens on that."""
    plate_workers: Annotated[int, Meta(ge=0, le=32)] = 1
    """Processes that read plates; 0 switches it off."""
    case: Outside | None = None
    """The county's own case service; without one a hub that is alone starts ours."""
    approval: Outside | None = None
    """The county's own approval service; without one a hub that is alone starts ours."""
    sms: Outside | None = None
    """The SMS gateway; without one, texts stay in the visible outbox, marked as sent by nobody."""
    keep_readings_days: Annotated[int, Meta(ge=1, le=3650)] = 180
    """Positions and sightings older than this are forgotten; own default, half a year."""
    anchors: list[str] = []
    """Where signed heads of the record are kept outside: files on another disk, or `https://` addresses."""
    backup: Plan | None = None
    """Backups that the hub makes by itself; without one somebody else has to."""
    limits: Limits = Limits()


def load_settings(path: Path | None, **given: object) -> Settings:
    """Return the settings of a file, or the defaults; `InvalidInputError` names the key that is wrong.

    `given` are keys said at the prompt, which go before the file's; None is one that was not said.
    """
    said = {name: value for name, value in given.items() if value is not None}
    settings = Settings() if path is None else _of_file(path)
    try:
        return msgspec.convert({**msgspec.structs.asdict(settings), **said}, Settings)
    except msgspec.ValidationError as error:
        raise InvalidInputError(f"at the prompt: {error}") from error


def _of_file(path: Path) -> Settings:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Settings)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InvalidInputError(f"{path.name}: {error}") from error
