"""Facts of lists of the watch list (库): asked for, approved with a file of entries, given another file, ended."""

from __future__ import annotations

import msgspec

from command.facts.base import Fact, Level
from command.facts.watchlist import WatchAction, WatchArea, WatchHours


class LibraryContent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A file of entries in the store: its SHA-256, lines, those of them with wild cards, and bytes."""

    sha256: str
    entries: int
    patterns: int
    size: int


class LibraryRequested(Fact, frozen=True, tag="library_requested"):
    """A list to look out for, on behalf of `office`; it fires only once its file is approved and until `until_ms`.

    Where and when it fires, and whether for look-alikes of its plates, is said of it as of an entry of its own.
    """

    library: str
    name: str
    office: str
    reason: str
    level: Level
    action: WatchAction
    until_ms: int
    content: LibraryContent
    look_alike: bool = False
    area: WatchArea | None = None
    hours: WatchHours | None = None


class LibraryFileOffered(Fact, frozen=True, tag="library_file_offered"):
    """Another file for a list, which goes on with `replaces` until this one is approved.

    So many entries come with it and so many go; of the marked lines those in `gone` go.
    """

    library: str
    content: LibraryContent
    replaces: str
    added: int
    removed: int
    gone: tuple[str, ...] = ()


class LibraryFileApproved(Fact, frozen=True, tag="library_file_approved"):
    """The file is in force, by the word of somebody other than who brought it; `replaced` was until now.

    So many entries came with it and so many went; `gone` are marked lines that went.
    """

    library: str
    sha256: str
    replaced: str
    added: int
    removed: int
    gone: tuple[str, ...] = ()


class LibraryFileDeclined(Fact, frozen=True, tag="library_file_declined"):
    """The file is not to be in force; the one before stays so."""

    library: str
    sha256: str
    why: str


class LibraryTermsOffered(Fact, frozen=True, tag="library_terms_offered"):
    """Where and when the list is to fire, and whether for look-alikes; as before until these `terms` are approved."""

    library: str
    terms: str
    look_alike: bool = False
    area: WatchArea | None = None
    hours: WatchHours | None = None


class LibraryTermsApproved(Fact, frozen=True, tag="library_terms_approved"):
    """The terms are in force, whatever file the list has, by the word of somebody other than who offered them."""

    library: str
    terms: str


class LibraryTermsDeclined(Fact, frozen=True, tag="library_terms_declined"):
    """The terms are not to be in force; those before stay so."""

    library: str
    terms: str
    why: str


class LibraryLifted(Fact, frozen=True, tag="library_lifted"):
    """No longer looked out for."""

    library: str
    why: str


class LibraryExpired(Fact, frozen=True, tag="library_expired"):
    """Past its date."""

    library: str


class LibraryLineRestored(Fact, frozen=True, tag="library_line_restored"):
    """A line that was set aside fires again."""

    library: str
    line: str
    why: str
