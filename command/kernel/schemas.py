"""What one does who looks at a store beside the hub that it belongs to: take it as it is, or not at all."""

from __future__ import annotations

from command.kernel.errors import UnavailableError


def refuse_other(what: str, version: int, known: int) -> None:
    """Raise `UnavailableError` unless a store has this program's schema: using it would bring it up to date.

    That is for the hub to do, at its start, and not for who looks beside a hub of the release before.
    """
    if version != known:
        raise UnavailableError(
            f"{what} is of schema {version}, this program's is {known}: do this with the version that runs"
        )
