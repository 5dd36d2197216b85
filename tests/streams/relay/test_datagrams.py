"""The system itself cuts and receives the datagrams: what arrives is compared with what was handed over."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from streams.relay.datagrams import DatagramSocket

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
    ):
        far.bind(("127.0.0.1", 0))
        far.settimeout(60)
        yield near, far


@pytest.mark.parametrize(
    "sizes",
    [
        [1200] * 9 + [77],
        [40, *[1200] * 30, 3],
        [5, 6, 7, 6, 5],
        [1],
        [],
        [1200] * 150,
        [1200, 1200, 1201],
        [300, 200, 300],
    ],
)
def test_datagrams_arrive_one_by_one_and_in_order(pair: Pair, sizes: list[int]) -> None:
    near, far = pair
    sent = [bytes([i % 256]) * size for i, size in enumerate(sizes)]
    ours = DatagramSocket(near.fileno())
    # As many as the receiver's buffer surely holds.
    for start in range(0, len(sent), 50):
        ours.send(sent[start : start + 50], far.getsockname())
        assert [far.recv(4096) for _ in sent[start : start + 50]] == sent[start : start + 50]
    ours.close()
    near.sendto(b"still open", far.getsockname())
    assert far.recv(99) == b"still open"


def test_what_the_system_does_not_take_is_lost_and_nothing_else(pair: Pair) -> None:
    near, far = pair
    ours = DatagramSocket(near.fileno())
    ours.send([bytes(70_000), b"x" * 100, b"x" * 100, b"y"], far.getsockname())
    assert [far.recv(4096) for _ in range(3)] == [b"x" * 100, b"x" * 100, b"y"]
    ours.send([b"nobody", b"hears"], ("240.0.0.1", 9))
    ours.send([b"these"] * 3, far.getsockname())
    assert [far.recv(4096) for _ in range(3)] == [b"these"] * 3
    ours.close()
