"""The outbox: rules R375 to R378 of docs/SPEC.md."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from command.kernel.errors import TooLargeError, UnavailableError
from edge.limits import AGENT_ITEM_BYTES, AGENT_PICTURE_BYTES
from edge.outbox import NewItem, Outbox, Priority


def item(priority: Priority, body: bytes = b"{}", picture: bytes | None = None) -> NewItem:
    return NewItem(priority, priority.name.lower(), body, "k1", picture)


async def numbers(outbox: Outbox, priority: Priority) -> list[int]:
    return [stored.number for stored in await outbox.next(priority, 0, 1000)]


async def test_what_was_put_is_there_after_a_restart_under_the_same_number(tmp_path: Path) -> None:
    outbox = await Outbox.open(tmp_path / "outbox")
    put = await outbox.put([item(Priority.SIGHTING), item(Priority.HIT, b'{"a":1}')])
    box = outbox.id
    await outbox.close()
    again = await Outbox.open(tmp_path / "outbox")
    assert again.id == box
    assert again.newest == put[-1]
    [hit] = await again.next(Priority.HIT, 0, 10)
    assert (hit.number, hit.body, hit.subject) == (put[1], b'{"a":1}', "k1")
    assert again.waiting == {"hit": 1, "sighting": 1}
    await again.close()


async def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    outbox = await Outbox.open(tmp_path / "outbox")
    first = await outbox.put([item(Priority.ALARM)])
    await outbox.settle(first)
    await outbox.close()
    again = await Outbox.open(tmp_path / "outbox")
    assert await again.put([item(Priority.ALARM)]) > first
    await again.close()


async def test_another_file_is_another_box(tmp_path: Path) -> None:
    one, two = await Outbox.open(tmp_path / "one"), await Outbox.open(tmp_path / "two")
    assert one.id != two.id
    await one.close()
    await two.close()


async def test_a_full_outbox_sheds_the_least_important_first_and_the_oldest_of_them(tmp_path: Path) -> None:
    outbox = await Outbox.open(tmp_path / "outbox", most_items=6)
    await outbox.put([item(p) for p in (Priority.PICTURE, Priority.SIGHTING, Priority.SIGHTING, Priority.STATE)])
    await outbox.put([item(Priority.HIT), item(Priority.ALARM), item(Priority.ALARM)])
    assert outbox.shed == {"picture": 1}
    await outbox.put([item(Priority.ALARM)])
    assert outbox.shed == {"picture": 1, "sighting": 1}
    assert await numbers(outbox, Priority.SIGHTING) == [3], "the newer one stays"
    await outbox.put([item(Priority.ALARM)] * 3)
    assert outbox.shed == {"picture": 1, "sighting": 2, "state": 1, "hit": 1}
    assert await numbers(outbox, Priority.ALARM) == [6, 7, 8, 9, 10, 11]
    await outbox.put([item(Priority.PICTURE)])
    assert outbox.shed["picture"] == 2, "what is less important than all that is there goes itself"
    await outbox.put([item(Priority.ALARM)])
    assert await numbers(outbox, Priority.ALARM) == [7, 8, 9, 10, 11, 13], "alarms give way only to newer alarms"
    await outbox.close()


async def test_its_size_is_bounded_too_and_counts_pictures(tmp_path: Path) -> None:
    outbox = await Outbox.open(tmp_path / "outbox", most_bytes=25_000)
    await outbox.put([item(Priority.PICTURE, picture=bytes(10_000))] * 2)
    await outbox.put([item(Priority.SIGHTING, bytes(6000))])
    assert outbox.waiting == {"sighting": 1, "picture": 1}
    assert outbox.size_bytes == 16_002
    await outbox.close()
    again = await Outbox.open(tmp_path / "outbox")
    assert again.shed == {"picture": 1}, "what was given up is never forgotten"
    assert again.size_bytes == 16_002
    await again.close()


async def test_a_picture_is_read_in_pieces_and_is_gone_with_its_item(tmp_path: Path) -> None:
    outbox = await Outbox.open(tmp_path / "outbox")
    [number] = await outbox.put([item(Priority.PICTURE, picture=bytes(range(100)))])
    assert await outbox.picture(number, 90, 64) == bytes(range(90, 100))
    await outbox.settle([number])
    assert await outbox.picture(number, 0, 64) == b""
    assert outbox.items == outbox.size_bytes == 0
    await outbox.close()


async def test_items_that_a_hub_does_not_know_wait_for_one_that_does(tmp_path: Path) -> None:
    outbox = await Outbox.open(tmp_path / "outbox")
    old, new = await outbox.put([NewItem(Priority.HIT, "hit", b"{}"), NewItem(Priority.HIT, "smoke", b"{}")])
    await outbox.set_aside([new])
    assert await numbers(outbox, Priority.HIT) == [old]
    assert outbox.items == 2, "kept all the same"
    await outbox.bring_back(["smoke"])
    assert await numbers(outbox, Priority.HIT) == [new], "and a hub that knows the other kind no more is not sent it"
    await outbox.close()


async def test_an_item_or_picture_past_its_limit_is_refused_and_nothing_of_the_batch_is_kept(tmp_path: Path) -> None:
    outbox = await Outbox.open(tmp_path / "outbox")
    for wrong in (
        item(Priority.HIT, bytes(AGENT_ITEM_BYTES + 1)),
        item(Priority.PICTURE, picture=bytes(AGENT_PICTURE_BYTES + 1)),
    ):
        with pytest.raises(TooLargeError):
            await outbox.put([item(Priority.ALARM), wrong])
    assert outbox.items == 0
    await outbox.close()


async def test_what_the_file_refuses_is_told_and_counted(tmp_path: Path) -> None:
    outbox = await Outbox.open(tmp_path / "outbox")
    other = sqlite3.connect(tmp_path / "outbox")
    other.execute("DROP TABLE totals")
    other.close()
    with pytest.raises(UnavailableError):
        await outbox.put([item(Priority.ALARM), item(Priority.ALARM)])
    assert outbox.not_stored == 2
    await outbox.close()
