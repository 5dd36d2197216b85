"""Keys lead back to the message that they were asked for, and to none once it was answered."""

from __future__ import annotations

import asyncio
import contextvars

from command.kernel.correlation import Correlation, key_of, request_id, serving


async def test_keys_made_while_a_message_is_served_begin_with_its_id_and_are_told() -> None:
    told: list[str] = []
    with serving(Correlation("r1", told.append)):
        assert request_id() == "r1"
        made = [key_of(None), key_of(None)]
        given = key_of("of the caller")
        async with asyncio.TaskGroup() as tasks:
            below = tasks.create_task(_key())
    assert made == ["r1-1", "r1-2"]
    assert given == "of the caller"
    assert below.result() == "r1-3"
    assert told == [*made, given, "r1-3"]


def test_without_a_message_keys_are_unique_and_given_ones_stay() -> None:
    assert request_id() is None
    assert key_of("k") == "k"
    assert key_of(None) != key_of(None)


def test_what_a_message_started_and_left_running_is_not_it_any_more() -> None:
    told: list[str] = []
    with serving(Correlation("r1", told.append)):
        left = contextvars.copy_context()
    assert left.run(request_id) is None
    assert not left.run(key_of, None).startswith("r1")
    assert told == []


async def _key() -> str:
    return key_of(None)
