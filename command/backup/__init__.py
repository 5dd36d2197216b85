"""Backups: one sealed file that holds all a hub knows up to one fact, whichever databases it was kept in."""

from __future__ import annotations

from command.kernel.errors import TriuneError


class DamagedArchiveError(TriuneError):
    """An archive that was changed, cut off or put together anew; nothing is restored from it."""

    status = 500
    code = "damaged_archive"
