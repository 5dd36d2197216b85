"""The crowd's WebSocket against an implementation that nobody here wrote."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from consoles.bench.frames import TEXT, FrameReader, handshake, masked_frame

LENGTHS = (0, 1, 125, 126, 65_535, 65_536)


@pytest.mark.parametrize("step", [1, 7, 1_000_000])
def test_frames_are_read_however_they_are_cut(step: int) -> None:
    sent = [(Opcode.TEXT, b"x" * length) for length in LENGTHS] + [(Opcode.PING, b"p"), (Opcode.CLOSE, b"\x03\xe8")]
    stream = b"".join(Frame(opcode, data).serialize(mask=False) for opcode, data in sent)
    reader = FrameReader()
    read = [frame for at in range(0, len(stream), step) for frame in reader.feed(stream[at : at + step])]
    assert read == sent


@pytest.mark.parametrize("length", LENGTHS[:-1])
def test_another_implementation_reads_what_is_sent(length: int) -> None:
    server = ServerProtocol()
    server.receive_data(handshake("127.0.0.1:1", "/live", "a=b"))
    request = server.events_received()[0]
    assert isinstance(request, Request)
    assert request.headers["Cookie"] == "a=b"
    server.send_response(server.accept(request))
    server.receive_data(masked_frame(TEXT, b"x" * length))
    frame = server.events_received()[0]
    assert isinstance(frame, Frame)
    assert frame.data == b"x" * length
