"""What an installation can set: a TOML file, every key optional, and a few flags for what one changes at the prompt."""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from command.actors import Role
from command.backup.schedule import Plan
from command.kernel.errors import InvalidInputError
from command.kernel.geo import Datum
from command.settings import Limits
from streams.recorder.sheets import CLIPS

Port = Annotated[int, Meta(ge=0, le=65535)]


class Outside(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outside service: where it is and the token it knows the hub by."""

    url: Annotated[str, Meta(pattern=r"^https?://[^/\s]+")]
    token: Annotated[str, Meta(min_length=1)]


class Gb28181(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hub as the upper platform of GB/T 28181 devices."""

    server_id: Annotated[str, Meta(pattern=r"^[0-9]{20}\Z")]
    """Our own id, 20 digits: civil code 8, industry 2, 200, network 1, serial 6."""
    domain: Annotated[str, Meta(pattern=r"^[0-9]{0,20}\Z")] = ""
    """SIP domain and realm; empty: the first ten digits of `server_id`."""
    port: Port = 5060
    """SIP over UDP and TCP."""
    password: str = ""
    """What devices have to know; empty: one made from the site key, which `triune gb28181` shows."""
    passwords: dict[str, str] = {}
    """Of single devices, by their ids."""
    address: str = ""
    """The address that devices reach this hub by, where they come through a translator (NAT)."""
    media_ports: tuple[Annotated[int, Meta(ge=1024, le=65535)], Annotated[int, Meta(ge=1024, le=65535)]] = (
        30000,
        30999,
    )
    """From and to: where pictures come in, over UDP and TCP."""
    datum: Datum = "wgs84"
    """Of the places that devices tell; many send `gcj02`."""

    def __post_init__(self) -> None:
        """Refuse a range without a port and an address that is none."""
        if self.media_ports[0] > self.media_ports[1]:
            raise ValueError("media_ports are from the lower to the higher")
        if self.address:
            ipaddress.ip_address(self.address)


class ViidUpper(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An upper view library that this hub registers at."""

    id: Annotated[str, Meta(pattern=r"^[0-9]{20}\Z")]
    url: Annotated[str, Meta(pattern=r"^https?://[^/]+/?\Z")]
    """Its origin, `https://10.0.0.9:8120`."""
    user: str = ""
    """What it knows us by in digest authentication; empty: our own id."""
    password: str = ""
    pushes: bool = True
    """Whether it is sent every passage; else it is told what it subscribes to."""


class Viid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hub as a view library of GA/T 1400."""

    server_id: Annotated[str, Meta(pattern=r"^[0-9]{20}\Z")]
    """Our own id, 20 digits; the first ten are the realm."""
    port: Port = 8120
    """HTTP; TLS is a proxy's, as for consoles."""
    password: str = ""
    """What systems have to know; empty: one made from the site key, which `triune viid` shows."""
    passwords: dict[str, str] = {}
    """Of single systems, by their ids."""
    algorithms: Annotated[tuple[Literal["MD5", "SHA-256"], ...], Meta(min_length=1)] = ("MD5", "SHA-256")
    """Of the challenges, in this order; many devices understand the first alone, and only MD5."""
    receivers: list[str] = []
    """Hosts that may be told things besides the one that asks for it."""
    receive_at: Annotated[str, Meta(pattern=r"^(https?://[^/]+)?\Z")] = ""
    """Our origin as lower systems reach it, `http://10.0.0.2:8120`; without it nothing is subscribed to there."""
    datum: Datum = "wgs84"
    """Of the places of devices that others tell; some send `gcj02`."""
    uppers: list[ViidUpper] = []


class Recordings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where recordings of cameras are kept, and how much they may take. What is recorded is set for each camera."""

    folder: str = ""
    """On a disk of its own where there are many cameras; empty: in the data folder."""
    more_folders: list[str] = []
    """On further disks. Cameras are shared out among all folders; a disk that hangs holds only those on it."""
    quota_gib: Annotated[float, Meta(ge=0)] = 0
    """The most that they may take in each folder; 0: as much as the disk has, but for what is kept free."""
    keep_free_gib: Annotated[float, Meta(ge=0)] = 5
    """What they leave to others on each disk."""


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
    advertise: str = ""
    """Address (`https://hub-2.county.example`) that the other hubs, and the county's own services, reach this one at;
    empty: they cannot, but on one machine, and see no cameras of agents and devices that come here."""
    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    """Address to listen on for consoles and devices; 0.0.0.0 for all networks, behind a TLS proxy."""
    proxies: list[str] = []
    """Addresses or networks of TLS proxies and balancers on other machines: what they say of where a request comes from
    is believed, and many connections come from them. One on this machine needs no word."""
    http_port: Port = 8080
    jt808_port: Port = 6808
    case_port: Port = 8081
    approval_port: Port = 8082
    video_addresses: list[str] = []
    """Addresses that video is sent from; empty: all that the machine has, the loopback too where it listens on that."""
    cameras_kept_to: dict[str, list[Role]] = {}
    """Roles that alone may see a camera's pictures, by its id or the beginning of ids and `*`; others: all roles."""
    roads: str = ""
    """The road net, a GeoJSON file of lines (see `command/kernel/roads.py`): tells which cameras a car passes next."""
    cameras_of_stations: dict[str, list[str]] = {}
    """Cameras, by id or the beginning of ids and `*`, whose passages a station's people may look up; others: all."""
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
    keep_lists_days: Annotated[int, Meta(ge=1, le=3650)] = 365
    """Files of lists (库) that were replaced, declined or lifted so long ago are removed, unless a hit came of them,
    and never before the readings of their time; own default, a year."""
    anchors: list[str] = []
    """Where signed heads of the record are kept outside: files on another disk, or `https://` addresses."""
    backup: Plan | None = None
    """Backups that the hub makes by itself; without one somebody else has to."""
    gb28181: Gb28181 | None = None
    """Without it no GB/T 28181 device is listened to."""
    viid: Viid | None = None
    """Without it GA/T 1400 is not spoken."""
    recordings: Recordings = Recordings()
    limits: Limits = Limits()
    file: str = ""
    """No key of the file, but where it is: it belongs into backups. Empty where there is none, or it is no file that
    can be read again (a pipe)."""

    def __post_init__(self) -> None:
        """Refuse addresses that are none, proxies that could be anybody, and names of cameras that could mean none."""
        for proxy in self.proxies:
            if not ipaddress.ip_network(proxy).prefixlen:
                raise ValueError(f"{proxy!r} is everybody, and no proxy")
        for address in self.video_addresses:
            ipaddress.ip_address(address)
        cameras = [*self.cameras_kept_to, *(each for some in self.cameras_of_stations.values() for each in some)]
        for name in cameras:
            if not name or set("*?[") & set(name[:-1]) or name.endswith(("?", "[")):
                raise ValueError(f"{name!r} is neither the id of a camera nor the beginning of ids and `*`")

    @property
    def recordings_folder(self) -> Path:
        """Where recordings are; of several folders, the first."""
        return Path(self.recordings.folder or Path(self.data) / "recordings")

    @property
    def snapshots_folder(self) -> Path:
        """Where a hub keeps snapshots of its tables."""
        return Path(self.data) / "snapshots"

    @property
    def clips_folder(self) -> Path:
        """Where exported clips are."""
        return self.recordings_folder / CLIPS

    @property
    def known_as(self) -> str:
        """Address that the other hubs know this one by, as it stands on their roll; empty where none is set."""
        return self.advertise.rstrip("/")

    @property
    def recordings_folders(self) -> list[Path]:
        """All folders of recordings, that of clips first."""
        return [self.recordings_folder, *map(Path, self.recordings.more_folders)]


def load_settings(path: Path | None, **given: object) -> Settings:
    """Return the settings of a file, or the defaults; `InvalidInputError` names the key that is wrong.

    `given` are keys said at the prompt, which go before the file's; None is one that was not said.
    """
    said = {name: value for name, value in given.items() if value is not None}
    settings = Settings() if path is None else _of_file(path)
    try:
        settings = msgspec.convert({**msgspec.structs.asdict(settings), **said}, Settings)
    except msgspec.ValidationError as error:
        raise InvalidInputError(f"at the prompt: {error}") from error
    if settings.bus and not settings.journal:
        raise InvalidInputError("`bus` is for hubs that share a `journal`: this one keeps its own files")
    return settings


def _of_file(path: Path) -> Settings:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        if "file" in table:
            raise InvalidInputError(f"{path.name}: `file` is no key of the settings")
        return msgspec.convert({**table, "file": str(path.absolute()) if path.is_file() else ""}, Settings)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InvalidInputError(f"{path.name}: {error}") from error
