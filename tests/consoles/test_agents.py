"""The hub's door for edge agents: rules R386 to R389 of docs/SPEC.md."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from command import requests as q
from command.access.accounts import AGENT
from command.actors import HUB
from command.journal.memory import MemoryJournal
from command.kernel.clock import SystemClock
from consoles.site import Site
from edge.agent.protocol import PATH, VERSIONS
from edge.agent.sealing import box_of
from edge.limits import AGENT_MESSAGE_BYTES
from tests.command.support import FlakyJournal
from tests.consoles.support import PASSWORD, signed_in
from tests.edge.agent.support import NAME, hub_with_agent, sighting, sightings_at, until

BOX = "0123456789abcdef"
HELLO = {"type": "hello", "versions": [1, 1], "release": "t", "box": BOX}


@asynccontextmanager
async def at_the_door(site: Site, key: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A websocket that has said nothing yet."""
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(site.http_url) as http, http.ws_connect(PATH, headers=headers) as socket:
        yield socket


@asynccontextmanager
async def as_agent(
    site: Site, key: str, **hello: object
) -> AsyncIterator[tuple[aiohttp.ClientWebSocketResponse, dict[str, Any]]]:
    """A websocket after its hello, and what the hub told it to do."""
    async with at_the_door(site, key) as socket:
        await socket.send_json({**HELLO, **hello})
        assert (await heard(socket, "welcome"))["version"] == VERSIONS[1]
        yield socket, await heard(socket, "config")


async def heard(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """Return the next message of a type; what else is told meanwhile is passed over."""
    while True:
        message: dict[str, Any] = await socket.receive_json(timeout=60)
        if message["type"] == kind:
            return message


def item(number: int, kind: str, /, **body: object) -> dict[str, object]:
    return {"number": number, "kind": kind, "body": body}


async def settled(socket: aiohttp.ClientWebSocketResponse, *items: dict[str, object]) -> dict[str, Any]:
    await socket.send_json({"type": "items", "items": items})
    return await heard(socket, "settled")


async def counted(site: Site) -> str:
    async with aiohttp.ClientSession(site.http_url) as http, http.get("/metrics") as answer:
        return await answer.text()


@pytest.mark.parametrize("key", ["", "wrong", "湘F12345"])
async def test_without_an_agents_key_nobody_comes_in(tmp_path: Path, key: str) -> None:
    async with hub_with_agent(tmp_path) as (site, _):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with at_the_door(site, key):
                pass
        assert refused.value.status == 401
        assert "triune_agents_wrong_keys_total 1.0" in await counted(site)


async def test_a_devices_token_is_no_agents_key_nor_an_agents_key_a_devices_token(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        token = await site.context.accounts.issue("phone-1")
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with at_the_door(site, token):
                pass
        bearer = {"Authorization": f"Bearer {key}"}
        async with aiohttp.ClientSession(site.http_url, headers=bearer) as http:
            for path in ("/api/v1/people", "/api/v1/agents", "/metrics?"):
                async with http.get(path, headers={"X-Forwarded-For": "10.0.0.1"}) as answer:
                    assert answer.status == 401, path


async def test_an_agent_is_told_its_own_cameras_with_sealed_addresses_and_the_watches_in_force(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        await site.hub.ask(q.EnrolCamera(camera="other", name="别处", lat=29.0, lon=113.0), HUB)
        await site.context.accounts.set_camera_address("other", "rtsp://user:elsewhere@127.0.0.1:9/other")
        async with as_agent(site, key) as (socket, config):
            assert config["restate"] is True
            assert {camera["id"] for camera in config["cameras"]} == {"k0", "k1"}
            assert "secret-0" not in msgspec.json.encode(config).decode()
            [sealed] = [c["address"] for c in config["cameras"] if c["id"] == "k0"]
            opened = box_of(key).open(msgspec.convert(sealed, bytes, builtin_types=()), "k0")
            assert opened == b"rtsp://user:secret-0@127.0.0.1:9/k0"
            until_ms = SystemClock().now_ms() + 3_600_000
            asked = q.RequestWatch(pattern="湘F*12", reason="查", level=2, until_ms=until_ms)
            watch = (await site.hub.ask(asked, HUB)).subject
            await site.hub.ask(q.ApproveWatch(watch=watch), HUB)
            told = await heard(socket, "config")
            assert told["watches"] == [{"id": watch, "pattern": "湘F*12", "until_ms": until_ms}]
            await site.context.accounts.set_camera_address("k1", "rtsp://127.0.0.1:9/taken-over-by-the-hub")
            assert [camera["id"] for camera in (await heard(socket, "config"))["cameras"]] == ["k0"]


async def test_an_item_told_again_is_recorded_once(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        now_ms = SystemClock().now_ms()
        asked = q.RequestWatch(pattern="湘F*", reason="查", level=2, until_ms=now_ms + 3_600_000)
        # "湘F*" alone has two known characters.
        watch = (await site.hub.ask(asked, HUB)).subject
        await site.hub.ask(q.ApproveWatch(watch=watch), HUB)
        hit = {"watch": watch, "plate": "湘F12345", "camera": "k0", "seen_ms": now_ms - 1_800_000, "confidence": 0.9}
        passage = msgspec.to_builtins(sighting(1))
        for _ in range(3):
            async with as_agent(site, key) as (socket, _config):
                answer = await settled(socket, item(1, "hit", **hit), item(2, "sighting", **passage))
                assert sorted(answer["done"]) == [1, 2]
        hits = await site.hub.read(lambda t: list(t.hits))
        assert [(one.plate, one.seen_ms) for one in hits] == [("湘F12345", now_ms - 1_800_000)], "with its own time"
        assert len(await sightings_at(site)) == 1


async def test_an_alarm_of_a_camera_stands_on_every_screen_once(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        for _ in range(2):
            async with as_agent(site, key) as (socket, _config):
                told = item(1, "alarm", camera="k0", what="alarm_input", at_ms=0, source="门磁 3")
                assert (await settled(socket, told))["done"] == [1]
        alarms = await site.hub.read(lambda t: [alarm for alarm in t.alarms if alarm.kind == "device_alarm"])
        assert [(alarm.subject, alarm.detail) for alarm in alarms] == [("k0", "报警输入 门磁 3")]


async def test_what_a_damaged_record_could_not_take_is_told_again(tmp_path: Path) -> None:  # R1023
    async with hub_with_agent(tmp_path) as (site, key), as_agent(site, key) as (socket, _config):
        whole, site.hub.journal = site.hub.journal, MemoryJournal()  # all that was folded is gone from it
        told = item(1, "alarm", camera="k0", what="alarm_input", at_ms=0, source="门磁 3")
        answer = await settled(socket, told)
        assert (answer.get("later"), answer.get("refused")) == ([1], None)
        assert site.hub.damaged
        site.hub.journal = whole
        await until(lambda: site.hub.accepting)
        assert (await settled(socket, told))["done"] == [1]


async def test_the_same_number_of_another_outbox_is_another_item(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        for box, reason in ((BOX, "first"), ("f" * 16, "after the disk was changed")):
            async with as_agent(site, key, box=box) as (socket, _):
                state = {"camera": "k0", "up": False, "at_ms": 0, "reason": reason}
                assert (await settled(socket, item(1, "camera", **state)))["done"] == [1]
        assert (await site.hub.read(lambda t: t.cameras.need("k0"))).reason == "after the disk was changed"


async def test_an_agent_speaks_of_its_own_cameras_alone(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        await site.hub.ask(q.EnrolCamera(camera="other", name="别处", lat=29.0, lon=113.0), HUB)
        async with as_agent(site, key) as (socket, _):
            answer = await settled(
                socket,
                item(1, "camera", camera="other", up=False, at_ms=0, reason="no"),
                item(2, "sighting", **msgspec.to_builtins(sighting(1, "other"))),
                item(3, "sighting", **msgspec.to_builtins(sighting(1))),
            )
        assert [(one["number"], one["code"]) for one in answer["refused"]] == [(1, "no_right"), (2, "no_right")]
        assert answer["done"] == [3]
        assert (await site.hub.read(lambda t: t.cameras.need("other"))).reason == ""


async def test_one_wrong_reading_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key), as_agent(site, key) as (socket, _):
        wrong = {**msgspec.to_builtins(sighting(2)), "plate": "湘F\x00" + "1" * 200}
        answer = await settled(
            socket,
            item(1, "sighting", **msgspec.to_builtins(sighting(1))),
            item(2, "sighting", **wrong),
            item(3, "sighting", **msgspec.to_builtins(sighting(3))),
        )
        assert sorted(answer["done"]) == [1, 3]
        assert [one["number"] for one in answer["refused"]] == [2]
        assert len(await sightings_at(site)) == 2


async def test_what_a_newer_agent_tells_is_answered_unknown_and_changes_nothing(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        seq = site.hub.committed_seq
        async with as_agent(site, key, versions=[1, 7], mood="good") as (socket, _):
            answer = await settled(
                socket,
                item(1, "smoke", camera="k0", density=0.7),
                item(2, "camera", camera="k0", up=True, at_ms=0, reason="", sharpness=0.5),
                item(3, "camera", camera="k0", state="up in a way that this release does not know"),
            )
            assert sorted(answer["unknown"]) == [1, 3], "the agent keeps them for a newer hub"
            assert answer["done"] == [2], "a field that is not known is passed over"
            await socket.send_json({"type": "thermal", "frames": [1, 2]})
            assert (await heard(socket, "unknown"))["what"] == "thermal"
            await socket.send_json({"type": "unknown", "what": "config"})
            await socket.send_json({"type": "ask", "id": 9, "what": "weather", "kind": "jt808", "device": "1"})
            assert "not known" in (await heard(socket, "answer"))["error"]
        assert site.hub.committed_seq > seq


async def test_with_no_version_in_common_the_hub_says_so(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key), at_the_door(site, key) as socket:
        await socket.send_json({**HELLO, "versions": [8, 9]})
        refused = await socket.receive_json(timeout=60)
        assert (refused["type"], refused["code"]) == ("refused", "version")
        assert (await socket.receive(timeout=60)).data == 4406


@pytest.mark.parametrize(
    "wrong",
    [
        b"\xff", b"{", b"[]", b'{"type":1}', b"[" * 100_000, b'{"type":"items"}', b'{"type":"hello","versions":[1,1]}',
        b'{"type":"items","items":[{"number":-1,"kind":"hit","body":{}}]}',
        msgspec.json.encode({"type": "items", "items": [item(n + 1, "hit") for n in range(300)]}),
        b'{"type":"standing","now_ms":-5}', b'{"type":"ask","id":1,"what":"device_known","kind":"jt808"}',
    ],
)  # fmt: skip
async def test_what_is_no_message_ends_the_connection_and_nothing_else(tmp_path: Path, wrong: bytes) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        for first in (False, True):
            async with at_the_door(site, key) as socket:
                if not first:
                    await socket.send_json(HELLO)
                    await heard(socket, "config")
                await socket.send_frame(wrong, aiohttp.WSMsgType.TEXT)
                while (await socket.receive(timeout=60)).type != aiohttp.WSMsgType.CLOSE:
                    pass
        async with as_agent(site, key) as (socket, _):
            assert (await settled(socket, item(1, "sighting", **msgspec.to_builtins(sighting(1)))))["done"] == [1]


@pytest.mark.parametrize(
    "frame",
    [
        b"", b"\n", b"{}\n", b'{"number":1,"sha256":"x","size":5,"at":0}\nabcde',
        b'{"number":1,"sha256":"' + b"0" * 64 + b'","size":5,"at":3}\nabcde',
        b'{"number":1,"sha256":"' + b"0" * 64 + b'","size":99999999999,"at":0}\nabcde',
        bytes(AGENT_MESSAGE_BYTES + 1),
    ],
)  # fmt: skip
async def test_what_is_no_piece_of_a_picture_ends_the_connection(tmp_path: Path, frame: bytes) -> None:
    async with hub_with_agent(tmp_path) as (site, key), as_agent(site, key) as (socket, _):
        await socket.send_bytes(frame)
        while (await socket.receive(timeout=60)).type != aiohttp.WSMsgType.CLOSE:
            pass


async def test_a_picture_that_is_not_what_it_says_is_refused(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key), as_agent(site, key) as (socket, _):
        name = hashlib.sha256(b"hello").hexdigest()
        head = msgspec.json.encode({"number": 1, "sha256": name, "size": 5, "at": 0})
        await socket.send_bytes(head + b"\nhullo")
        assert (await heard(socket, "settled"))["refused"][0]["number"] == 1
        await socket.send_bytes(head + b"\nhel")
        assert (await heard(socket, "received"))["have"] == 3
        head = msgspec.json.encode({"number": 1, "sha256": name, "size": 5, "at": 4})
        await socket.send_bytes(head + b"\no")
        assert (await heard(socket, "received"))["have"] == 3, "with a gap nothing is taken"
        head = msgspec.json.encode({"number": 1, "sha256": name, "size": 5, "at": 1})
        await socket.send_bytes(head + b"\nello")
        assert (await heard(socket, "settled"))["done"] == [1]
        assert await site.context.blobs.get(name) == b"hello"


async def test_a_new_key_ends_the_connection_with_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consoles.http.agents.CONSOLE_RECHECK_MS", 50)
    async with hub_with_agent(tmp_path) as (site, key), as_agent(site, key) as (socket, _):
        await site.context.accounts.issue(AGENT + NAME)
        while (message := await socket.receive(timeout=60)).type != aiohttp.WSMsgType.CLOSE:
            pass
        assert message.data == 4401


async def test_the_newest_connection_is_the_agents(tmp_path: Path) -> None:
    async with (
        hub_with_agent(tmp_path) as (site, key),
        as_agent(site, key) as (before, _),
        as_agent(site, key) as (now, _),
    ):
        while (await before.receive(timeout=60)).type != aiohttp.WSMsgType.CLOSE:
            pass
        assert (await settled(now, item(1, "sighting", **msgspec.to_builtins(sighting(1)))))["done"] == [1]


async def is_down(site: Site, camera: str) -> bool:
    return (await site.hub.read(lambda t: t.cameras.need(camera))).state == "down"


async def test_technicians_see_how_each_agent_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consoles.parts.agents.away.AGENT_AWAY_MS", 0)
    monkeypatch.setattr("consoles.parts.agents.away._TICK_MS", 20)
    async with hub_with_agent(tmp_path) as (site, key):
        await site.context.accounts.create("admin2", "admin2", frozenset({"administrator"}), "", PASSWORD)
        async with signed_in(site.http_url, "admin2") as person:
            async with as_agent(site, key) as (socket, _):
                now_ms = SystemClock().now_ms() + 60_000
                standing = {"waiting": {"hit": 2, "picture": 5}, "waiting_bytes": 700, "shed": {"picture": 3}}
                await socket.send_json({"type": "standing", "now_ms": now_ms, **standing})
                await settled(socket, item(1, "camera", camera="k0", up=True, at_ms=0))
                [known] = (await person.get("/api/v1/agents"))[1]
                assert (known["id"], known["up"], known["behind"], known["taken"]) == (NAME, True, 7, 1)
                assert known["cameras"] == ["k0", "k1"]
                assert known["clock_ahead_ms"] > 50_000
                text = await counted(site)
                for line in (
                    'up{agent="gate"} 1.0', 'behind_items{agent="gate"} 7.0',
                    'shed_items_total{agent="gate",kind="picture"} 3.0',
                ):  # fmt: skip
                    assert f"triune_agent_{line}" in text, line
                assert (await site.hub.read(lambda t: t.links.need(f"edge.{NAME}"))).state == "up"

            async def is_told() -> bool:
                return await site.hub.read(
                    lambda t: t.links.need(f"edge.{NAME}").state == "down" and t.cameras.need("k0").state == "down"
                )

            await until(is_told)
            assert "gate is away" in (await site.hub.read(lambda t: t.cameras.need("k0"))).reason
            [known] = (await person.get("/api/v1/agents"))[1]
            assert known["up"] is False
            await site.hub.ask(q.EnrolCamera(camera="k9", name="后门", lat=29.0, lon=113.0), HUB)
            await site.context.accounts.set_camera_address("k9", f"edge://{NAME}/rtsp://127.0.0.1:9/k9")
            await until(lambda: is_down(site, "k9"))  # given to it while it is away
            async with as_agent(site, key) as (_, config):
                assert config["restate"] is True
                assert (await site.hub.read(lambda t: t.links.need(f"edge.{NAME}"))).state == "up"


async def test_who_looks_after_nothing_is_not_told_of_agents(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, _):
        await site.context.accounts.create("officer", "officer", frozenset({"officer"}), "u1", PASSWORD)
        async with signed_in(site.http_url, "officer") as person:
            assert (await person.get("/api/v1/agents"))[0] == 403


async def test_an_agent_that_came_back_while_the_record_was_away_is_up_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R1021
    monkeypatch.setattr("consoles.parts.agents.away.AGENT_AWAY_MS", 1000)
    monkeypatch.setattr("command.telling.SAID_LOOK_MS", 200)
    async with hub_with_agent(tmp_path) as (site, key):

        async def is_up() -> bool:
            row = await site.hub.read(lambda t: t.links.get(f"edge.{NAME}"))
            return row is not None and row.state == "up"

        async def is_down() -> bool:
            return not await is_up()

        async with as_agent(site, key):
            await until(is_up)
        await until(is_down)
        site.hub.journal = journal = FlakyJournal(site.hub.journal)
        journal.is_full = True
        async with as_agent(site, key) as (socket, config):
            assert config["restate"] is True
            await until(lambda: not site.hub.accepting)
            assert await is_down()
            journal.is_full = False
            await until(is_up)
            assert (await heard(socket, "config"))["restate"] is True, "how its cameras are may have been lost too"
            alarms = await site.hub.read(lambda t: [one.subject for one in t.alarms if one.kind == "link_down"])
            assert alarms == []
