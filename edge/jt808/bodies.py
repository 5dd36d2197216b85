"""From message id to body: one place that says which bodies are understood, whichever way they travel."""

from __future__ import annotations

from collections.abc import Callable

from edge.jt808 import platform_messages as platform
from edge.jt808 import terminal_messages as terminal
from edge.jt808.frame import Header
from edge.jt808.location import decode_location

Body = terminal.TerminalBody | platform.PlatformBody

_READERS: dict[int, Callable[[bytes, int | None], Body]] = {
    terminal.GENERAL_REPLY: lambda body, _: terminal.decode_general_reply(body),
    terminal.REGISTER: terminal.decode_register,
    terminal.AUTHENTICATION: terminal.decode_authentication,
    terminal.LOCATION: lambda body, _: decode_location(body),
    terminal.LOCATION_ANSWER: lambda body, _: terminal.decode_location_answer(body),
    terminal.CONTROL_ANSWER: lambda body, _: terminal.decode_location_answer(body),
    terminal.LOCATION_BATCH: lambda body, _: terminal.decode_batch(body),
    platform.GENERAL_REPLY: lambda body, _: terminal.decode_general_reply(body),
    platform.RESEND_REQUEST: platform.decode_resend_request,
    platform.REGISTER_REPLY: lambda body, _: platform.decode_register_reply(body),
    platform.TRACK: lambda body, _: platform.decode_track(body),
    platform.ALARM_CONFIRM: lambda body, _: platform.decode_alarm_confirm(body),
    platform.TEXT: platform.decode_text,
}


def decode_body(header: Header, body: bytes) -> Body | None:
    """Read a whole body (the parts of a split one joined).

    None for messages that have no fields or are not understood, for encrypted bodies and for empty ones, which some
    makers send as a bare acknowledgement. Raises `BodyError`.
    """
    reader = _READERS.get(header.msg_id)
    if reader is None or not body or header.encryption:
        return None
    return reader(body, header.revision)
