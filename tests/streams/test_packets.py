from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.packets import Packet, PacketQueue, Subscription


def _packet(number: int, *, is_key: bool = False) -> Packet:
    return Packet(b"", number, is_key, number)


@given(st.lists(st.one_of(st.booleans(), st.none()), max_size=200), st.integers(1, 8))
def test_a_reader_only_gets_runs_that_begin_at_a_key_frame_and_miss_nothing(
    steps: list[bool | None], limit: int
) -> None:
    """True and False are a key frame and another; None is the reader taking what there is."""
    queue = PacketQueue(limit)
    got: list[Packet] = []
    put = 0
    for step in steps:
        if step is None:
            got += queue.take()
        else:
            queue.put(_packet(put, is_key=step))
            put += 1
        assert len(queue) <= limit
    got += queue.take()

    assert queue.dropped == put - len(got)
    for before, packet in zip([None, *got], got, strict=False):
        assert packet.is_key or (before is not None and packet.pts_ms == before.pts_ms + 1)


def test_a_still_is_shown_at_once_and_the_run_goes_on_at_the_next_key_frame() -> None:
    queue = PacketQueue(10)
    queue.put_still(_packet(0, is_key=True))
    queue.put(_packet(5))
    queue.put(_packet(6, is_key=True))
    queue.put(_packet(7))

    assert [packet.pts_ms for packet in queue.take()] == [0, 6, 7]


async def test_a_closed_subscription_ends_after_what_was_queued() -> None:
    subscription = Subscription(10)
    subscription.put(_packet(1, is_key=True))
    subscription.close()

    assert [packet.pts_ms for packet in await subscription.take()] == [1]
    assert await subscription.take() == []
