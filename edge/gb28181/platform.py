"""The upper platform: what gateways and media sources ask of it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AbstractContextManager

from edge.gb28181.invite import InviteDialog, Media


class Platform:
    """Serves devices while it is entered."""

    def ssrc(self, *, playback: bool) -> AbstractContextManager[int]:
        """Lend a stream's SSRC (GB/T 28181 annex C: 0 live or 1 playback, five digits of the domain, four free)."""
        raise NotImplementedError

    def invite(
        self, device: str, channel: str, media: Media, playback: tuple[int, int] | None = None
    ) -> AbstractAsyncContextManager[InviteDialog]:
        """Ask a registered device to send a channel; leaving ends it with BYE.

        `playback` is from and to, UTC milliseconds; None is live. Raises `InviteError`.
        """
        raise NotImplementedError

    def diagnosis(self, device: str) -> str:
        """Say for a technician how far the device got: "registered 12:01, last keepalive 5 s ago, INVITE 200"."""
        raise NotImplementedError
