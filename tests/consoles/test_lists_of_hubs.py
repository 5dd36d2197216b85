"""Lists of several hubs as one: where each thing is counts, then who heard of it last (SPEC R664 to R666). Pure."""

from __future__ import annotations

from msgspec.structs import replace

from command.roll import HubPlace, HubState
from consoles.http import rooms
from consoles.http.rooms import HubRoom
from consoles.parts.agents import listing as agents
from consoles.parts.agents.registry import AgentState
from consoles.parts.gb28181 import listing as devices
from consoles.parts.hubs.listing import Told
from edge.agent.gb28181 import ToldDevice
from edge.gb28181.devices import DeviceState
from edge.gb28181.registrar import Refused
from streams.recorder.store import CameraRoom

ONE, TWO, THREE = (HubPlace(n, f"https://hub-{n}.example") for n in (1, 2, 3))


def agent(name: str, *, up: bool, since_ms: int, version: int = 1, hub: str = "") -> AgentState:
    return AgentState(id=name, up=up, since_ms=since_ms, version=version, hub=hub, cameras=["k0"])


def test_an_agent_is_as_the_hub_knows_it_that_it_is_at_or_was_last() -> None:
    here = [
        agent("gate", up=False, since_ms=90, hub=ONE.url),  # it went on to another hub
        agent("yard", up=False, since_ms=50, hub=ONE.url),
        agent("never", up=False, since_ms=99, version=0),
        agent("half", up=True, since_ms=99, hub=ONE.url),  # its new connection is at another; this one is half open
    ]
    told = Told(
        [(TWO, [agent("gate", up=True, since_ms=20), agent("yard", up=False, since_ms=70)]),
         (THREE, [agent("half", up=True, since_ms=10)])], [],
    )  # fmt: skip
    at = {"gate": HubState(TWO, 0), "half": HubState(THREE, 0)}
    found = {state.id: (state.up, state.hub) for state in agents.joined(here, told, at)}
    assert found == {
        "gate": (True, TWO.url), "yard": (False, TWO.url), "never": (False, ""), "half": (True, THREE.url),
    }  # fmt: skip


def test_an_agent_at_a_hub_that_does_not_answer_is_said_to_be_there() -> None:
    here = [agent(name, up=False, since_ms=1, version=0) for name in ("gate", "yard")]
    told = Told[AgentState]([], [TWO.url, THREE.url])
    found = agents.joined(here, told, {"gate": HubState(TWO, 0), "yard": HubState(THREE, 3_600_000)})
    assert [(state.id, state.up, state.hub, state.told) for state in found] == [
        ("gate", True, TWO.url, False),
        ("yard", False, THREE.url, False),
    ]
    assert found[0].cameras == ["k0"], "which everybody knows"


def device(name: str, *, online: bool, heard_ms: int) -> ToldDevice:
    state = DeviceState(
        device=name, online=online, waiting=False, reason="", address="", version="2.0", algorithm="", registered_ms=1,
        expires_ms=2, heard_ms=heard_ms, keepalive_ms=None, clock_off_ms=None, name="", manufacturer="", model="",
        firmware="", catalogue="", subscriptions=(), last_invite=None, channels=(),
    )  # fmt: skip
    return ToldDevice(device=state)


def refused(at_ms: int) -> ToldDevice:
    return ToldDevice(refused=Refused(device="d", host="10.0.0.9", at_ms=at_ms, why="wrong password"))


def test_a_device_is_listed_once_at_the_hub_where_it_is_registered() -> None:
    told = [
        (ONE, [device("a", online=False, heard_ms=90), device("b", online=False, heard_ms=5), refused(10)]),
        (TWO, [device("a", online=True, heard_ms=20), device("b", online=False, heard_ms=7), refused(30)]),
    ]
    found, who, silent = devices.joined(told)
    assert [(each.device, each.online, each.hub) for each in found] == [("a", True, TWO.url), ("b", False, TWO.url)]
    assert [(each.at_ms, each.hub) for each in who] == [(30, TWO.url), (10, ONE.url)]
    assert silent == []


def test_a_device_that_went_from_a_hub_to_an_agent_is_listed_at_the_agent() -> None:  # R751
    at_agent = replace(device("a", online=True, heard_ms=20), agent="gate")
    quiet = ToldDevice(agent="yard", silent="edge agent yard is too old")
    told = [
        (ONE, [device("a", online=False, heard_ms=90)]),
        (TWO, [at_agent, replace(refused(30), agent="gate"), quiet]),
    ]
    found, who, silent = devices.joined(told)
    assert [(each.device, each.online, each.hub, each.agent) for each in found] == [("a", True, TWO.url, "gate")]
    assert [(each.hub, each.agent) for each in who] == [(TWO.url, "gate")]
    assert [(each.agent, each.hub, each.why) for each in silent] == [("yard", TWO.url, "edge agent yard is too old")]


def test_rooms_of_hubs_are_shown_each_and_in_all() -> None:
    one = HubRoom(
        hub=ONE.url, records=False, bytes=10, capacity_bytes=100, cameras=[CameraRoom("k1", 10, 5, 0)], reason="full"
    )
    two = HubRoom(
        hub=TWO.url, bytes=30, locked_bytes=1, capacity_bytes=200,
        cameras=[CameraRoom("k2", 10, None, 2), CameraRoom("k1", 20, 9, 7)],
    )  # fmt: skip
    found = rooms.joined([one, two], [THREE.url])
    assert (found.bytes, found.locked_bytes, found.capacity_bytes) == (40, 1, 300)
    assert found.reason == f"{ONE.url}: full"
    assert found.cameras == [CameraRoom("k1", 30, 5, 7), CameraRoom("k2", 10, None, 2)]
    assert (found.hubs, found.away) == ([one, two], [THREE.url])
