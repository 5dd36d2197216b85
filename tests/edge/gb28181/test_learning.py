"""What a device is asked once it has registered, whatever it makes of the questions (SPEC R325, R326, R1006, R1007)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from command.kernel.clock import VirtualClock
from edge.gb28181 import devices, questions
from edge.gb28181.devices import DeviceState
from edge.gb28181.platform import Platform
from edge.limits import GB28181_PART_MS, SIP_T1_MS
from edge.sip.message import Message, Request
from tests.edge.gb28181.site import DEVICE, Hub, running, until
from tests.edge.gb28181.test_platform import NOW_MS, Device, device

Answers = Callable[[int], list[str]]
"""Bodies in answer to the question for the catalogue of that number."""


def channel(n: int) -> str:
    return f"340200000013{n:08d}"


def listed(*channels: int, said: str) -> str:
    items = "".join(
        f"<Item><DeviceID>{channel(n)}</DeviceID><Name>c{n}</Name><Status>ON</Status>"
        "<Latitude>29.1</Latitude><Longitude>113.1</Longitude></Item>"
        for n in channels
    )
    return f"<CmdType>Catalog</CmdType>{said}<DeviceID>{DEVICE}</DeviceID><DeviceList>{items}</DeviceList>"


def answer(sn: int | None, total: int | None, *channels: int) -> str:
    said = "" if sn is None else f"<SN>{sn}</SN>"
    said += "" if total is None else f"<SumNum>{total}</SumNum>"
    return f"<Response>{listed(*channels, said=said)}</Response>"


class Site:
    """A platform and a device on it that answers the question for its catalogue as a test says, and no other."""

    def __init__(self, platform: Platform, camera: Device, clock: VirtualClock) -> None:
        self.platform = platform
        self.camera = camera
        self.clock = clock
        self.answers: Answers = lambda sn: []

    @property
    def state(self) -> DeviceState:
        found = self.platform.state(DEVICE)
        assert found
        return found

    @property
    def subscribed(self) -> int:
        return sum(each.method == "SUBSCRIBE" for each in self.camera.heard)

    async def asked(self, subscribed: int) -> None:
        """Answer, while time passes, until so many subscriptions were asked for."""
        while self.subscribed < subscribed or self.state.catalogue == "not asked yet":
            try:
                async with asyncio.timeout(0.05):
                    message = await self.camera.take()
            except TimeoutError:
                self.clock.advance(self.clock.now_ms() + SIP_T1_MS)
                continue
            self._answer(message)

    def _answer(self, message: Message) -> None:
        if isinstance(message, Request) and message.method == "MESSAGE" and b"<CmdType>Catalog" in message.body:
            number = re.search(rb"<SN>(\d+)", message.body)
            assert number
            for body in self.answers(int(number[1])):
                self.camera.send("MESSAGE", body=body)

    def channels(self) -> dict[str, bool | None]:
        return {item.channel: item.online for item in self.state.channels}

    @property
    def words(self) -> str:
        return self.state.catalogue


@asynccontextmanager
async def site(*bound: str) -> AsyncIterator[Site]:
    clock = VirtualClock(NOW_MS)
    async with running(Hub(*bound), clock=clock) as platform, device(platform) as camera:
        await camera.register()
        yield Site(platform, camera, clock)


async def test_a_device_without_a_catalogue_tells_alarms_and_places_all_the_same() -> None:  # R326
    async with site(DEVICE) as here:
        await here.asked(subscribed=3)
        kinds = ("Alarm", "Catalog", "MobilePosition")
        await until(lambda: here.state.subscriptions == kinds)
        assert here.words == f"device {DEVICE} took the question for its list, but does not answer it"


async def test_of_a_catalogue_past_the_limit_the_first_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:  # R1007
    for module in (questions, devices):
        monkeypatch.setattr(module, "GB28181_CATALOGUE_ITEMS", 5)
    async with site() as here:
        here.answers = lambda sn: [answer(sn, 12_000, n, n + 1) for n in range(0, 12, 2)]
        await here.asked(subscribed=2)
        assert list(here.channels()) == [channel(n) for n in range(5)]
        assert here.words == "5 of 12000 items came; no more are taken"
        assert here.platform.counters.asked_again == 0
        assert here.platform.counters.bad_bodies == 0


@pytest.mark.parametrize(
    ("with_number", "total", "words"),
    [(False, 3, "whole, 3 items"), (True, None, "3 items came, of how many is not said; 3 are known")],
)
async def test_an_answer_without_its_number_or_total_is_taken(
    with_number: bool, total: int | None, words: str
) -> None:  # R1007
    async with site() as here:
        here.answers = lambda sn: [answer(sn if with_number else None, total, *part) for part in ((0, 1), (2,))]
        began_ms = here.clock.now_ms()
        await here.asked(subscribed=2)
        assert (len(here.channels()), here.words) == (3, words)
        assert here.platform.counters.asked_again == 0
        if total is None:
            assert here.clock.now_ms() - began_ms >= GB28181_PART_MS


async def test_what_did_not_come_of_a_catalogue_stays_known() -> None:  # R1007
    async with site() as here:
        here.answers = lambda sn: [answer(sn, 3, 0, 1, 2)]
        await here.asked(subscribed=2)
        assert len(here.channels()) == 3
        here.answers = lambda sn: [answer(sn, 3, 1)]
        assert (await here.camera.register("0")).status == 200
        assert (await here.camera.register()).status == 200
        await here.asked(subscribed=4)
        assert set(here.channels()) == {channel(n) for n in range(3)}
        assert here.words == "1 of 3 items came; 3 are known"
        here.answers = lambda sn: [answer(sn, 1, 1)]
        await here.camera.register("0")
        await here.camera.register()
        await here.asked(subscribed=6)
        assert set(here.channels()) == {channel(1)}


async def test_answers_that_cannot_be_read_are_told_as_that() -> None:  # R1007
    async with site() as here:
        here.answers = lambda sn: [answer(sn, 3, 0).replace("<Name>c0", "<Name>c<0")]
        await here.asked(subscribed=2)
        assert here.words.startswith(
            f"device {DEVICE} took the question for its list, and what it says cannot be read: the body is not XML"
        )


@pytest.mark.parametrize(
    ("told", "online"),
    [
        ("<Status>ON</Status>", True), ("<Status>OK</Status>", True), ("<Status>OFF</Status>", False), ("", True),
        ("<Event>VLOST</Event><Status>ON</Status>", False), ("<Event>NEWS</Event>", True),
        ("<Event>UPDATE</Event><Status>OFF</Status>", False),
    ],
)  # fmt: skip
async def test_a_notice_says_how_the_channel_is_and_no_more(told: str, online: bool) -> None:  # R1007
    async with site() as here:
        here.answers = lambda sn: [answer(sn, 1, 0)]
        await here.asked(subscribed=2)
        items = f"<DeviceList Num='1'><Item><DeviceID>{channel(0)}</DeviceID>{told}</Item></DeviceList>"
        body = f"<Notify><CmdType>Catalog</CmdType><SN>7</SN><DeviceID>{DEVICE}</DeviceID>{items}</Notify>"
        assert (await here.camera.ask("NOTIFY", body=body)).status == 200
        assert here.channels() == {channel(0): online}
        (item,) = here.state.channels
        assert (item.name, item.lat, item.lon) == ("c0", 29.1, 113.1)
