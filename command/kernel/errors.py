"""Errors that reach whoever asked. Each knows the HTTP status it becomes (RFC 9457 problem details)."""

from __future__ import annotations


class TriuneError(Exception):
    """Base of every error this product raises for input or the outside world.

    `detail` is a sentence for people, in English; `code` is stable and what screens translate.
    """

    status = 500
    code = "internal"

    def __init__(self, detail: str, **extra: str | int | float | None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class InvalidInputError(TriuneError):
    """What came in is malformed or breaks a limit."""

    status = 400
    code = "invalid_input"


class SignInRequiredError(TriuneError):
    """Nobody is signed in, or the credentials are wrong."""

    status = 401
    code = "sign_in_required"


class NoRightError(TriuneError):
    """The actor's role, station or purpose does not allow this."""

    status = 403
    code = "no_right"


class UnknownIdError(TriuneError):
    """The thing named does not exist in this space."""

    status = 404
    code = "unknown_id"


class ConflictError(TriuneError):
    """The thing is no longer in the state that the request expects. `current` is how it is now, where one thing is."""

    status = 409
    code = "conflict"

    def __init__(self, detail: str, *, current: object = None, **extra: str | int | float | None) -> None:
        super().__init__(detail, **extra)
        self.current = current


class TooLargeError(TriuneError):
    """A named size limit was passed."""

    status = 413
    code = "too_large"


class TooManyError(TriuneError):
    """A named rate or queue limit was reached; trying again later can work."""

    status = 429
    code = "too_many"


class HubBusyError(TooManyError):
    """So many requests wait at the hub that it took no further one: no rule has refused anything yet."""


class UnavailableError(TriuneError):
    """Something the hub depends on is away; the request was not carried out, or nobody can tell yet."""

    status = 503
    code = "unavailable"


class RecordAwayError(UnavailableError):
    """The hub's own record is away or it stops: nobody else is at fault, and nobody can tell yet what was recorded."""


class DamagedFileError(UnavailableError):
    """A file that the hub keeps is damaged: waiting mends nothing, somebody has to restore it."""

    status = 500
    code = "damaged_file"
