"""Cameras are found by multicast in a network of their own, and liars lead nobody astray (SPEC R345, R348)."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError, TooLargeError
from edge.limits import ONVIF_ANSWER_BYTES
from edge.onvif.address import OnvifAddress
from edge.onvif.client import OnvifClient
from edge.onvif.discovery import Discovery, FoundDevice, matches
from edge.onvif.messages import NAMESPACES
from edge.simulators.onvif_camera import CameraModel, OnvifCamera
from tests.paths import ROOT

CLOCK = SystemClock()
START_S = 60
"""A new interpreter takes its time on a busy machine."""
OURS, CAMERA = "10.203.77.1", "10.203.77.2"
_MATCH = (
    "<E><Header><RelatesTo>{asked}</RelatesTo></Header><Body><ProbeMatches><ProbeMatch><EndpointReference>"
    "<Address>urn:uuid:1</Address></EndpointReference><Scopes>{scopes}</Scopes><XAddrs>{at}</XAddrs></ProbeMatch>"
    "</ProbeMatches></Body></E>"
)


def _match(at: str, *, scopes: str = "", asked: str = "urn:1") -> list[FoundDevice]:
    document = _MATCH.format(asked=asked, scopes=scopes, at=at).encode()
    return matches(document, "10.0.0.5", frozenset({"urn:1"}))


def test_a_device_is_reached_where_its_answer_came_from_whatever_it_says() -> None:
    assert _match("http://10.0.0.5:8000/onvif/device") == [
        FoundDevice("urn:uuid:1", OnvifAddress("10.0.0.5", 8000, "/onvif/device"))
    ]
    (lied,) = _match("http://192.168.1.64:81/onvif/device_service http://[fe80::1]/x")
    assert lied.address == OnvifAddress("10.0.0.5", 81)
    (both,) = _match("https://10.0.0.5/a http://192.0.2.1/b http://10.0.0.5/c")
    assert both.address.path == "/c"
    (user,) = _match("http://admin:evil@10.0.0.5/onvif/device_service?profile=x")
    assert user.address == OnvifAddress("10.0.0.5", 80)


def test_what_it_says_of_itself_is_decoded_and_bounded() -> None:
    name = "onvif://www.onvif.org/name/%E4%B8%9C%E9%97%A8%20dome%0A"
    (found,) = _match("http://10.0.0.5/", scopes=f"{name} onvif://www.onvif.org/Hardware/DS-2CD {'x' * 9000}")

    assert (found.name, found.hardware, found.location) == ("东门 dome", "DS-2CD", "")
    (long,) = _match("http://10.0.0.5/", scopes=f"onvif://www.onvif.org/name/{'y' * 9000}")
    assert len(long.name) == 100


def test_answers_to_nothing_and_hostile_ones_are_refused() -> None:
    with pytest.raises(InvalidInputError):
        _match("http://10.0.0.5/", asked="urn:other")
    for document in (b"", b"<!DOCTYPE x><E/>", b"\0" * 100, b"<E><Header/></E>"):
        with pytest.raises(InvalidInputError):
            matches(document, "10.0.0.5", frozenset({"urn:1"}))
    with pytest.raises(TooLargeError):
        matches(b" " * (ONVIF_ANSWER_BYTES + 1), "10.0.0.5", frozenset({"urn:1"}))
    many = _MATCH.format(asked="urn:1", scopes="", at="http://10.0.0.5/").replace("ProbeMatches", "Body")
    opened, one, closed = many.partition(many[many.index("<ProbeMatch>") : many.index("</ProbeMatch>") + 13])
    assert len(matches((opened + one * 500 + closed).encode(), "10.0.0.5", frozenset({"urn:1"}))) == 8
    assert _match("") == _match("ftp://10.0.0.5/ :::: http://h:99999999/") == []


@pytest.fixture
def loopback_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.onvif.discovery.ONVIF_INTERFACES", 1)


@pytest.mark.usefixtures("loopback_alone")
async def test_garbage_between_the_answers_is_counted_and_hides_nobody() -> None:
    heard: list[tuple[bytes, tuple[str, int]]] = []

    class Spoiler(asyncio.DatagramProtocol):
        """Hears the probes and answers each with rubbish."""

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            heard.append((data, addr))
            for rubbish in (b"", b"\xff" * 1400, b"<!DOCTYPE x><x/>", b"<a>" * 500, data):
                spoiling.sendto(rubbish, addr)

    name = f"东门 {secrets.token_hex(4)}"  # others on this machine answer probes too
    async with OnvifCamera(CameraModel(rtsp="", name=name, location="pole 7"), CLOCK) as camera:
        port = await camera.listen()
        await camera.be_found("127.0.0.1", port)
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(("239.255.255.250", 3702))
        membership = socket.inet_aton("239.255.255.250") + socket.inet_aton("127.0.0.1")
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        opened.setblocking(False)
        spoiling, _ = await asyncio.get_running_loop().create_datagram_endpoint(Spoiler, sock=opened)
        discovery = Discovery(CLOCK)
        try:
            found = await discovery.find()
        finally:
            spoiling.close()

    (ours,) = [device for device in found if device.name == name]
    assert (ours.address, ours.hardware, ours.location) == (OnvifAddress("127.0.0.1", port), "simulator", "pole 7")
    assert discovery.counters.bad_answers >= 10
    probes = [data for data, addr in heard if addr == heard[0][1]]
    assert len(probes) == 4, "two kinds of probe, each twice"
    assert all(kind in b"".join(probes) for kind in (b"NetworkVideoTransmitter", NAMESPACES["device"].encode()))


async def _ip(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec("ip", *arguments, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode == 0, f"ip {' '.join(arguments)}: {said.decode()}"


@asynccontextmanager
async def network() -> AsyncIterator[str]:
    """A network namespace, joined to this one by a cable of two ends; gives its name."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        reason = "a network namespace needs root and iproute2"
        pytest.skip(reason)
    name = f"onvif{secrets.token_hex(3)}"
    ours, theirs = f"{name}a", f"{name}b"
    await _ip("netns", "add", name)
    try:
        await _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name)
        await _ip("address", "add", f"{OURS}/30", "dev", ours)
        await _ip("link", "set", ours, "up")
        await _ip("-n", name, "address", "add", f"{CAMERA}/30", "dev", theirs)
        await _ip("-n", name, "link", "set", theirs, "up")
        yield name
    finally:
        await _ip("netns", "delete", name)  # the cable goes with it


@asynccontextmanager
async def simulator(namespace: str, *more: str) -> AsyncIterator[None]:
    """Run the simulator in the namespace, until it answers."""
    arguments = ["ip", "netns", "exec", namespace, sys.executable, "-m", "edge.simulators.onvif_camera"]
    arguments += ["--host", CAMERA, "--port", "8899", "--rtsp", f"rtsp://{CAMERA}/live", *more]
    process = await asyncio.create_subprocess_exec(*arguments, cwd=Path(ROOT), stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(START_S):
            while b"ONVIF camera at" not in await process.stderr.readline():
                assert process.returncode is None
        yield
    finally:
        process.kill()
        await process.communicate()


async def test_a_camera_in_a_network_of_its_own_is_found_and_asked_though_its_clock_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with network() as namespace, simulator(namespace, "--name", "in its net", "--clock-ahead-ms", "-86400000"):
        cable = [pair for pair in socket.if_nameindex() if pair[1] == f"{namespace}a"]
        monkeypatch.setattr("socket.if_nameindex", lambda: cable)  # nobody else is asked
        async with asyncio.timeout(60):  # its process may stand still for as long as answers are waited for
            while not (found := await Discovery(CLOCK).find()):
                pass

        assert [(device.name, device.address) for device in found] == [("in its net", OnvifAddress(CAMERA, 8899))]
        address = OnvifAddress(CAMERA, 8899, user="admin", password="camera-password")
        asked_ms = CLOCK.now_ms()
        async with OnvifClient(address, CLOCK) as client:
            took_ms = CLOCK.now_ms() - asked_ms  # nobody can tell when meanwhile it looked at its clock
            assert abs(client.clock_offset_ms + 86_400_000) < 2000 + took_ms
            assert len(await client.profiles()) == 2
            assert (await client.stream_uri("main")).endswith(f"@{CAMERA}:554/live")
