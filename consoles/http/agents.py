"""The door of edge agents: a websocket each and one for each errand, opened with the agent's key; and their list."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
import msgspec
from aiohttp import hdrs, web

from command.access.accounts import AGENT
from command.access.keys import Box
from command.kernel.errors import InvalidInputError, SignInRequiredError, TooManyError, TriuneError
from command.uplink.hub_uplink import HubUplink
from consoles.http.agent_files import FilesOfLists, HoldsFiles
from consoles.http.context import Context, actor_of, context_of, require
from consoles.http.identity import is_open
from consoles.http.record import json_response
from consoles.limits import CONSOLE_RECHECK_MS
from consoles.parts.agents.errands import Errands
from consoles.parts.agents.items import KINDS, Items, Sender
from consoles.parts.agents.listing import ListOfAgents
from consoles.parts.agents.registry import Agents, AgentState, Duties
from edge.agent import protocol
from edge.agent.adopting import ATTEMPT, sealed
from edge.agent.looking import Tried
from edge.agent.protocol import (
    Answer,
    Ask,
    Camera,
    Config,
    Errand,
    Hello,
    Message,
    Refused,
    Standing,
    Unknown,
    Welcome,
)
from edge.agent.sealing import box_of
from edge.limits import (
    AGENT_HELLO_MS,
    AGENT_MESSAGE_BYTES,
    AGENT_SILENT_MS,
    AGENTS,
)

log = logging.getLogger(__name__)
_DEVICE_KINDS = ("jt808", "gb28181")
"""Devices that come to gateways at the edge."""
_MALFORMED, _POLICY, _TRY_AGAIN = 1007, 1008, 1013


@dataclass
class DoorCounters:
    """What became of those who came to the door."""

    connected: int = 0
    wrong_keys: int = 0
    refused: int = 0
    bad_messages: int = 0
    unknown_messages: int = 0


@dataclass(frozen=True)
class Door:
    """What the door needs."""

    agents: Agents
    listing: ListOfAgents
    items: Items
    errands: Errands
    uplink: HubUplink
    counters: DoorCounters
    gb28181: Callable[[Box], protocol.Gb28181] | None
    """Seals who agents are to GB/T 28181 devices; None where the hub is nobody to them."""
    libraries: HoldsFiles


class Connection:
    """One agent on its websocket, after its hello."""

    def __init__(self, door: Door, socket: web.WebSocketResponse, agent: str, key: str, hello: Hello) -> None:
        self.agent = agent
        self._door = door
        self._socket = socket
        self._box = box_of(key)
        self._takes_devices = protocol.FOUND in hello.errands
        self._sender = Sender(agent, hello.box, ())

    async def tell(self, duties: Duties, *, restate: bool) -> None:
        """Tell the agent what it is to do; one that is gone is told when it comes again."""
        self._sender = Sender(self.agent, self._sender.box, frozenset(duty.camera for duty in duties.cameras))
        cameras = [
            Camera(
                id=duty.camera, address=self._box.seal(duty.address.encode(), duty.camera),
                reads_plates=duty.reads_plates, recording=msgspec.Raw(msgspec.json.encode(duty.recording)),
                bearing_deg=duty.aim.bearing_deg, lanes=duty.aim.lanes,
            )
            for duty in duties.cameras
        ]  # fmt: skip
        gb28181 = self._door.gb28181(self._box) if self._door.gb28181 and self._takes_devices else None
        try:
            await self._say(
                Config(
                    cameras=cameras, watches=list(duties.watches), restate=restate, gb28181=gb28181,
                    libraries=list(duties.libraries),
                )
            )  # fmt: skip
        except ConnectionError:
            log.debug("agent %s was gone before it could be told", self.agent)

    async def ask(self, errand: Errand) -> None:
        """Ask the agent for something; an address that it is to try is sealed for it alone."""
        if errand.kind == ATTEMPT:
            address = msgspec.json.decode(errand.body, type=Tried).address
            errand = msgspec.structs.replace(errand, body=sealed(address, self._box))
        await self._say(errand)

    async def replaced(self) -> None:
        """End it."""
        log.warning("agent %s came again; the connection before is closed", self.agent)
        await self._socket.close(code=_POLICY, message=b"the agent has come again")

    async def follow(self) -> None:
        """Serve until the agent leaves or says what no agent says."""
        async for message in self._socket:
            try:
                match message.type:
                    case aiohttp.WSMsgType.TEXT:
                        await self._hear(protocol.said(message.data))
                    case aiohttp.WSMsgType.BINARY:
                        await self._take_piece(message.data)
                    case _:
                        return
            except protocol.UnknownTypeError as unknown:
                self._door.counters.unknown_messages += 1
                await self._say(Unknown(what=unknown.what))
            except InvalidInputError as error:
                self._door.counters.bad_messages += 1
                log.warning("agent %s: %s", self.agent, error.detail)
                await self._socket.close(code=_MALFORMED, message=b"not a message of an agent")
                return

    async def _hear(self, message: protocol.Said) -> None:
        match message:
            case protocol.Items():
                settled = await self._door.items.take(self._sender, message.items)
                self._count(settled)
                await self._say(settled)
            case Standing():
                self._door.agents.standing(self.agent, message)
            case Ask():
                await self._say(await self._answer(message))
            case Hello():
                raise InvalidInputError("a second hello")
            case Unknown():
                log.info("agent %s does not know messages of type %s", self.agent, message.what)

    async def _take_piece(self, frame: bytes) -> None:
        piece, data = protocol.piece_of(frame)
        taken = self._door.agents.uploads[self.agent].take(self._sender.box, piece, data)
        if isinstance(taken, bytes):
            settled = await self._door.items.keep_picture(self._sender, piece.number, taken, piece.sha256)
            self._count(settled)
            await self._say(settled)
        else:
            await self._say(taken)

    async def _answer(self, ask: Ask) -> Answer:
        uplink = self._door.uplink
        try:
            if ask.kind not in _DEVICE_KINDS:
                return Answer(id=ask.id, error=f"devices of kind {ask.kind} do not come to an agent")
            match ask.what:
                case "device_known":
                    return Answer(id=ask.id, yes=await uplink.device_known(ask.kind, ask.device))
                case "check_device_token":
                    return Answer(id=ask.id, yes=await uplink.check_device_token(ask.kind, ask.device, ask.token))
                case "issue_device_token":
                    return Answer(id=ask.id, yes=True, token=await uplink.issue_device_token(ask.kind, ask.device))
                case _:
                    return Answer(id=ask.id, error=f"{ask.what} is not known here")
        except TriuneError as error:
            return Answer(id=ask.id, error=error.detail[:500])

    def _count(self, settled: protocol.Settled) -> None:
        state = self._door.agents.states[self.agent]
        state.taken += len(settled.done)
        state.refused += len(settled.refused)

    async def _say(self, message: Message) -> None:
        await self._socket.send_str(protocol.encode(message))


def routes(door: Door) -> list[web.RouteDef]:
    """Return the routes."""

    @is_open
    async def live(request: web.Request) -> web.StreamResponse:
        """`GET /api/v1/agents/live`: see `edge/agent/protocol.py` for what goes over it."""
        context = context_of(request)
        agent, key = await _agent_of(context, door, request)
        if len(door.agents) >= AGENTS:
            door.counters.refused += 1
            raise TooManyError(f"{AGENTS} agents are connected")
        socket = await _socket(request)
        try:
            await _serve(context, door, socket, agent, key)
        except* (ConnectionError, TimeoutError):
            log.info("agent %s is gone", agent)
        except* TriuneError as group:
            log.warning("agent %s has to come again: %s", agent, group.exceptions[0])
            await socket.close(code=_TRY_AGAIN, message=b"the hub cannot say now what the agent is to do")
        return socket

    @is_open
    async def errand(request: web.Request) -> web.StreamResponse:
        """`GET /api/v1/agents/errands/{id}`: see `edge/agent/errand_wire.py` for what goes over it."""
        agent, _ = await _agent_of(context_of(request), door, request)
        asked = door.errands.claim(request.match_info["id"], agent)
        socket = await _socket(request)
        try:
            await door.errands.serve(asked, socket)
        finally:
            await socket.close()
        return socket

    files = FilesOfLists(door.libraries)

    @is_open
    async def library(request: web.Request) -> web.StreamResponse:
        """`GET /api/v1/agents/libraries/{sha256}`: the file of a list."""
        await _agent_of(context_of(request), door, request)
        return await files.send(request)

    async def known(request: web.Request) -> web.Response:
        """`GET /api/v1/agents`: what is known of each agent, whichever hub it is at."""
        require(actor_of(request), "administrator", "camera_watch", "dispatcher", "commander", "duty_leader")
        return json_response(await door.listing.find())

    return [
        web.get(protocol.PATH, live),
        web.get(protocol.ERRAND_PATH + "{id}", errand),
        web.get(protocol.LIBRARY_PATH + "{sha256}", library),
        web.get("/api/v1/agents", known),
    ]


async def _socket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(heartbeat=AGENT_SILENT_MS / 1000, compress=False, max_msg_size=AGENT_MESSAGE_BYTES)
    await socket.prepare(request)
    return socket


async def _agent_of(context: Context, door: Door, request: web.Request) -> tuple[str, str]:
    """Return the agent that a request comes from and its key."""
    key = request.headers.get(hdrs.AUTHORIZATION, "").removeprefix("Bearer ").strip()
    device = await context.accounts.device_of(key) if key else None
    if device is None or not device.startswith(AGENT):
        door.counters.wrong_keys += 1
        raise SignInRequiredError("no agent has this key")
    return device.removeprefix(AGENT), key


async def _serve(context: Context, door: Door, socket: web.WebSocketResponse, agent: str, key: str) -> None:
    hello = await _hello(door, socket)
    if hello is None:
        return
    version = protocol.common_version(hello.versions)
    if version is None:
        door.counters.refused += 1
        detail = f"this hub speaks versions {protocol.VERSIONS[0]} to {protocol.VERSIONS[1]}"
        await socket.send_str(protocol.encode(Refused(code="version", detail=detail)))
        await socket.close(code=protocol.NO_COMMON_VERSION, message=b"no common version")
        return
    now_ms = context.clock.now_ms()
    welcome = Welcome(version=version, release=context.release, kinds=list(KINDS), now_ms=now_ms)
    await socket.send_str(protocol.encode(welcome))
    door.counters.connected += 1
    connection = Connection(door, socket, agent, key, hello)
    state = AgentState(
        id=agent, up=True, since_ms=now_ms, release=hello.release, version=version, errands=hello.errands
    )
    try:
        await door.agents.join(agent, connection, state)
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(_recheck(context, socket, agent, key), name="agent-key")
            await connection.follow()
            watching.cancel()
    finally:
        door.agents.leave(agent, connection)
        door.errands.link_lost(connection)


async def _hello(door: Door, socket: web.WebSocketResponse) -> Hello | None:
    try:
        async with asyncio.timeout(AGENT_HELLO_MS / 1000):
            message = await socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            said = protocol.said(message.data)
            if isinstance(said, Hello):
                return said
    except InvalidInputError as error:
        log.warning("an agent begins with what is no hello: %s", error.detail)
    door.counters.bad_messages += 1
    await socket.close(code=_MALFORMED, message=b"no hello")
    return None


async def _recheck(context: Context, socket: web.WebSocketResponse, agent: str, key: str) -> None:
    """Cut the agent off once its key is another."""
    while True:
        await context.clock.sleep(CONSOLE_RECHECK_MS)
        try:
            if await context.accounts.check(AGENT + agent, key):
                continue
        except TriuneError:
            continue  # nobody can tell now
        await socket.close(code=protocol.KEY_NO_LONGER_VALID, message=b"the key is no longer valid")
        return
