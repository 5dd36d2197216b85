"""`triune backup` and `triune restore`: everything a hub knows, in one sealed file, and back on another machine."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import msgspec

from command.access.keys import ENVIRONMENT, SiteKey
from command.backup import DamagedArchiveError
from command.backup.archive import read_archive, read_manifest
from command.backup.checking import check_archive, open_archive
from command.backup.clips import FOLDER
from command.backup.making import Source, make_backup, write_backup
from command.backup.moment import Moment, Until, parse_instant
from command.backup.placing import placed
from command.backup.records import ClipElsewhere, Manifest
from command.backup.restoring import Restorer
from command.backup.stores import new_stores
from command.backup.taking import SETTINGS
from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.release import release
from consoles.settings import load_settings

_STDOUT = "-"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    backup = commands.add_parser("backup", help="back up a hub, running or not, into one sealed file")
    backup.add_argument("file", help="file to make, which must not exist; - writes to standard output")
    backup.add_argument("--data", help="the hub's data folder (default: that of the settings, else var)")
    backup.add_argument("--config", type=Path, help="the settings file the hub is started with; it is backed up too")
    backup.add_argument("--journal", metavar="URL", help="the database that the hub shares, postgresql://…")
    backup.add_argument("--key", type=Path, help="file of the site key (default: site.key of the data folder)")
    backup.add_argument("--check", action="store_true", help="make none: read FILE and say whether it is good")
    backup.set_defaults(run=run_backup)
    restore = commands.add_parser("restore", help="restore a backup into a new folder")
    restore.add_argument("file", type=Path)
    restore.add_argument("--to", type=Path, required=True, help="data folder to make; it must not exist or be empty")
    restore.add_argument("--config", type=Path, help="settings file that names the database, with its password")
    restore.add_argument("--journal", metavar="URL", help="an empty database to restore into, postgresql://…")
    restore.add_argument("--key", type=Path, help=f"file of the site key, kept apart (default: {ENVIRONMENT})")
    moment = restore.add_mutually_exclusive_group()
    moment.add_argument("--until", metavar="INSTANT", help="as it was then, such as 2026-11-20T03:00:00+08:00")
    moment.add_argument("--until-seq", metavar="N", type=int, help="as it was after fact N")
    restore.set_defaults(run=run_restore)


def run_backup(arguments: argparse.Namespace) -> int:
    """Make or check a backup; 0 good, 1 damaged or with pictures lost, 2 not done. The last line is JSON."""
    settings = load_settings(arguments.config, data=arguments.data, journal=arguments.journal)
    key = _key(arguments.key, Path(settings.data) / "site.key")
    if arguments.check:
        try:
            return _tell(check_archive(Path(arguments.file), key), Path(arguments.file), sys.stdout)
        except DamagedArchiveError as error:
            print(f"{arguments.file}: {error.detail}")
            print(json.dumps({"ok": False, "fault": error.detail}, ensure_ascii=False))
            return 1
    source = Source(
        data=Path(settings.data),
        database=settings.journal or None,
        settings=arguments.config,
        clips=settings.clips_folder,
        hub=settings.known_as,
        release=release(),
    )
    if arguments.file != _STDOUT:
        to = Path(arguments.file)
        return _tell(make_backup(source, key, to), to, sys.stdout)
    try:
        return _tell(asyncio.run(write_backup(source, key, sys.stdout.buffer)), None, sys.stderr)
    except OSError as error:
        raise UnavailableError(f"standard output cannot be written: {error.strerror}") from error


def run_restore(arguments: argparse.Namespace) -> int:
    """Restore; 0 done, 1 done but pictures were lost before the backup, 2 not done. The last line is JSON."""
    database = load_settings(arguments.config, journal=arguments.journal).journal or None
    if arguments.key is None and not os.environ.get(ENVIRONMENT):
        raise InvalidInputError(f"give the site key, which is not in the archive: --key FILE or {ENVIRONMENT}")
    key, to = _key(arguments.key, Path()), Path(os.path.realpath(arguments.to))
    at_ms = parse_instant(arguments.until) if arguments.until else None
    try:
        with placed(to) as making:
            moment = Moment(Until(at_ms=at_ms, seq=arguments.until_seq), _made_ms(arguments.file, key))
            # The whole archive is read before any of it is put there: what is cut off must not be restored by half.
            manifest = check_archive(arguments.file, key, moment.see)
            moment.check()
            asyncio.run(_restore(arguments.file, key, database, moment, making))
            if arguments.key:
                _keep_key(arguments.key, making / "site.key")
    except OSError as error:
        raise UnavailableError(f"{to} cannot be written: {error.strerror or error}") from error
    print(
        "Accounts, passwords and device tokens are as they were when the backup was made: change again what was changed"
    )
    print("since, and what was revoked. Everybody signs in anew; reload every console that was open.")
    if (to / SETTINGS).exists():
        print(f"{to / SETTINGS} is as it was: see to its folders and addresses before it is used here.")
        if manifest.contents.clips:
            print(f"Clips are in {to / FOLDER}: where recordings have a folder of their own, move clips/ there.")
    for name in manifest.lost:
        print(f"picture or file {name}: was lost or altered before the backup")
    for line in moment.told():
        print(line)
    summary = {
        "ok": not manifest.lost,
        "made_ms": manifest.made_ms,
        "spaces": {space: moment.seqs.get(space, 0) for space in manifest.contents.spaces},
        "ended": {space: msgspec.to_builtins(ended) for space, ended in moment.ended.items()},
        "lost": manifest.lost,
        "clips_elsewhere": _elsewhere(manifest.clips_elsewhere, sys.stdout),
    }
    print(json.dumps(summary, ensure_ascii=False))
    return int(bool(manifest.lost))


def _made_ms(path: Path, key: SiteKey) -> int:
    try:
        with open_archive(path) as file:
            return read_manifest(file, key).made_ms
    except DamagedArchiveError:
        check_archive(path, key)  # says where the damage begins, and not what it does to the end
        raise


async def _restore(archive: Path, key: SiteKey, database: str | None, moment: Moment, folder: Path) -> None:
    async with new_stores(folder, key, database) as stores, Restorer(stores) as restorer:
        with open_archive(archive) as file:
            spaces = await restorer.restore(moment.of(read_archive(file, key)))
    if {space: contents.seq for space, contents in spaces.items() if contents.seq} != moment.seqs:
        raise DamagedArchiveError("the archive changed while it was restored: begin again")


def _key(given: Path | None, otherwise: Path) -> SiteKey:
    """Return the key; unlike a hub at its first start, a backup makes none. Two are refused: one would be ignored."""
    if given and os.environ.get(ENVIRONMENT):
        raise InvalidInputError(f"{ENVIRONMENT} is set: leave out --key, or unset it")
    path = given or otherwise
    if not os.environ.get(ENVIRONMENT) and not path.is_file():
        raise InvalidInputError(f"no site key at {path}: give it with --key FILE or {ENVIRONMENT}")
    try:
        return SiteKey.load(path)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"the site key cannot be read: {error}") from error


def _keep_key(source: Path, to: Path) -> None:
    with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(source.read_bytes())


def _tell(manifest: Manifest, file: Path | None, out: TextIO) -> int:
    """Print what is in the archive; 1 where pictures are lost."""
    for name in manifest.lost:
        print(f"picture or file {name}: missing or damaged in the hub's store", file=out)
    contents = manifest.contents
    summary = {
        "ok": not manifest.lost,
        "made_ms": manifest.made_ms,
        "release": manifest.release,
        "bytes": file.stat().st_size if file else None,
        "spaces": {name: {"seq": one.seq, "digest": one.digest.hex()} for name, one in contents.spaces.items()},
        "answers": sum(one.answers for one in contents.spaces.values()),
        "positions": contents.positions,
        "sightings": contents.sightings,
        "blobs": contents.blobs,
        "clips": contents.clips,
        "rows": contents.rows,
        "lost": manifest.lost,
        "clips_elsewhere": _elsewhere(manifest.clips_elsewhere, out),
    }
    print(json.dumps(summary, ensure_ascii=False), file=out)
    return int(bool(manifest.lost))


def _elsewhere(clips: Sequence[ClipElsewhere], out: TextIO) -> list[dict[str, str]]:
    """Print which clips the backup has not since they lie at other hubs, and return them for JSON."""
    for one in clips:
        print(f"clip {one.clip}: is not in this backup; it was exported at {one.hub or 'another hub'}", file=out)
    return [{"clip": one.clip, "hub": one.hub} for one in clips]
