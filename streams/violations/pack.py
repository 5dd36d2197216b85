"""Evidence packs: a manifest that lists every part with its SHA-256, and one ZIP with it all that proves itself.

The manifest's own SHA-256 stands in the record, so neither it nor a part can be changed unnoticed. In the ZIP the file
`SHA256SUMS` lists every other file, for `sha256sum -c`, and is signed with the site's Ed25519 key (RFC 8032).
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from command.facts.violations import (
    ClipState,
    Exemption,
    Finding,
    JudgedPassage,
    MeasuringPoint,
    PictureRegion,
    Restriction,
    SpeedSection,
)
from command.readings import SightingSource
from streams.limits import VIOLATION_PACK_BYTES, VIOLATION_PACK_FILES

PURPOSE = "evidence-packs"
"""What the signing key is derived from the site key for."""
FORMAT = "triune-violation-evidence/1"
MANIFEST, SUMS, SIGNATURE, REVIEW = "manifest.json", "SHA256SUMS", "SHA256SUMS.sig", "review.json"
PAPER = "evidence.html"
"""All of it as people read and print it; its pictures are the parts beside it."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Of files in the ZIP: the same evidence is the same file, whenever it is taken out."""
About = Literal["scene", "plate", "clip"]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the evidence; its bytes are the blob of that name."""

    name: str
    sha256: str
    size: int
    about: About
    passage: int
    """Which of the finding's passages it shows, from 0."""
    width_px: int = 0
    height_px: int = 0
    """Of a scene, as it is shown; 0 where that is not known."""


class ClipNote(msgspec.Struct, frozen=True, kw_only=True):
    """The recording of one passage: what was asked for, and what came of it."""

    camera: str
    from_ms: int
    to_ms: int
    state: ClipState
    why: str = ""
    begins_ms: int | None = None
    missing_ms: int = 0


class RuleNote(msgspec.Struct, frozen=True, kw_only=True):
    """The version of the rule, whole."""

    rule: str
    version: int
    registered_by: str
    registered_ms: int | None = None
    from_ms: int | None = None
    section: SpeedSection | None = None
    restriction: Restriction | None = None
    regions: tuple[PictureRegion, ...] = ()
    exempt: tuple[Exemption, ...] = ()


class CameraNote(msgspec.Struct, frozen=True, kw_only=True):
    """A camera, where it stands and where it looks."""

    camera: str
    name: str
    lat: float
    lon: float
    bearing_deg: float


class DeviceNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """By what a passage was read and dated. What nobody registered or measured is empty, and said to be not known."""

    source: SightingSource
    number: str = ""
    """The device's number, as registered for its calibration certificate."""
    channel: str = ""
    """Its id of 20 digits, of GB/T 28181 or GA/T 1400."""
    agent: str | None = None
    """The edge agent that has the camera; empty: the hub has it itself. None where that is not known."""
    clock_error_ms: int | None = None
    """The most that its clock differs from true time, as registered."""
    frame_error_ms: int | None = None
    """The most that a picture's stamp differs from when it was taken by that clock, as registered."""
    hub_clock_error_ms: int | None = None
    """The most that the hub's clock differed from its time source when the evidence was put together (adjtimex)."""
    agent_ahead_ms: int | None = None
    """How far the agent's clock was before the hub's then."""
    certificate: str = ""
    """Number of the calibration certificate that names the device."""
    certificate_until_ms: int | None = None

    @property
    def error_ms(self) -> int | None:
        """How far its instants may be from true, as registered."""
        return None if self.clock_error_ms is None else self.clock_error_ms + (self.frame_error_ms or 0)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of a violation, and every part of its evidence."""

    format: str
    site: str
    space: str
    violation: str
    title: str
    found_ms: int
    finding: Finding
    calculation: tuple[str, ...]
    rule: RuleNote
    cameras: tuple[CameraNote, ...]
    parts: tuple[Part, ...]
    clips: tuple[ClipNote, ...]
    devices: tuple[DeviceNote, ...] = ()
    """One for each passage; none in evidence of earlier releases."""


def devices_of(finding: Finding, section: SpeedSection | None, noted: Sequence[DeviceNote] = ()) -> list[DeviceNote]:
    """Return a note for each passage: what was noted, else what the finding and its section tell."""
    if len(noted) == len(finding.passages):
        return list(noted)
    points = (section.start, section.end) if section else ()
    return [_device(passage, points, section) for passage in finding.passages]


def _device(passage: JudgedPassage, points: Sequence[MeasuringPoint], section: SpeedSection | None) -> DeviceNote:
    point = next((point for point in points if point.camera == passage.camera), None)
    if point is None or section is None:
        return DeviceNote(source=passage.source, number=passage.device, clock_error_ms=passage.clock_error_ms)
    return DeviceNote(
        source=passage.source, number=point.device, clock_error_ms=point.clock_error_ms,
        frame_error_ms=point.frame_error_ms, certificate=section.certificate,
        certificate_until_ms=section.certificate_until_ms,
    )  # fmt: skip


def encode(manifest: Manifest) -> bytes:
    """Return it as JSON in UTF-8, keys in order and without blanks, so that the same facts are the same bytes."""
    return msgspec.json.encode(manifest, order="sorted")


def decode(data: bytes) -> Manifest:
    """Return a manifest; raises `msgspec.MsgspecError`."""
    return msgspec.json.decode(data, type=Manifest)


def zipped(manifest: bytes, parts: Mapping[str, bytes], review: bytes, paper: bytes, key: Ed25519PrivateKey) -> bytes:
    """Return the pack: paper, manifest, parts by name, how the review stands, sums and their signature."""
    files = {PAPER: paper, MANIFEST: manifest, **parts, REVIEW: review}
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())).encode()
    files |= {SUMS: sums, SIGNATURE: msgspec.json.encode(_signed(sums, key))}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # pictures and clips do not get any smaller
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data)
    return out.getvalue()


@dataclass
class Verdict:
    """What a pack is: its manifest's SHA-256, the key that signed it, and everything that is wrong with it."""

    manifest: str = ""
    public_key: str = ""
    problems: list[str] = field(default_factory=list)


def verify(path: Path) -> Verdict:
    """Check every file of a pack against its sums, the parts against the manifest, and the signature.

    Whether the key is the site's, and whether the manifest stands in its record, the caller has to ask there. Raises
    `OSError`.
    """
    verdict = Verdict()
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            if len(infos) > VIOLATION_PACK_FILES or sum(info.file_size for info in infos) > VIOLATION_PACK_BYTES:
                verdict.problems.append("it is larger than any pack")
                return verdict
            if len({info.filename for info in infos}) < len(infos):
                verdict.problems.append("two files have the same name")
            files = {info.filename: archive.read(info) for info in infos}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        verdict.problems.append(f"not a whole ZIP file: {error}")
        return verdict
    _check(files, verdict)
    return verdict


class _Signed(msgspec.Struct, frozen=True, kw_only=True):
    public_key: str
    signature: str


def _signed(sums: bytes, key: Ed25519PrivateKey) -> _Signed:
    public = key.public_key().public_bytes_raw()
    return _Signed(public_key=public.hex(), signature=key.sign(_statement(sums)).hex())


def _statement(sums: bytes) -> bytes:
    return f"{FORMAT}\n{hashlib.sha256(sums).hexdigest()}\n".encode()


def _check(files: dict[str, bytes], verdict: Verdict) -> None:
    problems = verdict.problems
    if missing := [name for name in (MANIFEST, SUMS, SIGNATURE) if name not in files]:
        problems.append(f"missing: {', '.join(missing)}")
        return
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in _lines(files[SUMS]))}
    actual = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name not in (SUMS, SIGNATURE)}
    for name in sorted(sums.keys() | actual.keys()):
        if name not in actual:
            problems.append(f"{name} is missing")
        elif name not in sums:
            problems.append(f"{name} does not belong to it")
        elif sums[name] != actual[name]:
            problems.append(f"{name} was changed")
    verdict.manifest = actual[MANIFEST]
    try:
        signed = msgspec.json.decode(files[SIGNATURE], type=_Signed)
        public = bytes.fromhex(signed.public_key)
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signed.signature), _statement(files[SUMS]))
        verdict.public_key = public.hex()
    except (msgspec.MsgspecError, InvalidSignature, ValueError):
        problems.append("the signature is wrong")
    try:
        manifest = decode(files[MANIFEST])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        problems.append(f"the manifest cannot be read: {error}")
        return
    for part in manifest.parts:
        if actual.get(part.name) != part.sha256:
            problems.append(f"{part.name} is not what the manifest lists")


def _lines(sums: bytes) -> list[str]:
    return sums.decode("utf-8", "replace").splitlines()
