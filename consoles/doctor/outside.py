"""What lies outside the machine, or beside the hub on it: databases, services and their certificates, cameras."""

from __future__ import annotations

import asyncio
import sqlite3
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import redis.asyncio
from redis.exceptions import RedisError

from command.access.keys import SiteKey
from command.journal import StoredFact
from command.journal.postgres import SCHEMA
from command.kernel.errors import TriuneError
from command.kernel.postgres import looked_into
from consoles.doctor.finding import Finding, Words, bad, ok
from consoles.doctor.record import TAIL_FACTS, schema, tail
from consoles.http.context import LIVE

_ASK_S = 2.0
DATABASE_S = 10.0
"""As long as connecting may take, and as long again to look."""
DATABASE_AWAY = (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What is raised where the database is away, or is not at this address. TimeoutError is an OSError."""
_BUS_S = 5.0
_AT_ONCE = 16
_CAMERAS = 500
_NAMED = 5
_DOORS = {"rtsp": 554, "rtsps": 322, "onvif": 80, "onvifs": 443, "whep+http": 80, "whep+https": 443}
"""Ways on which the hub goes to the camera, and their ports."""
_DAY_S = 86_400
_EXPIRES_DAYS = 21
_CARELESS = (("fsync", "on"), ("full_page_writes", "on"), ("server_encoding", "UTF8"))
_NEWEST = "SELECT seq, at_ms, actor, data, digest FROM facts WHERE space = $1 ORDER BY seq DESC LIMIT $2"
_DATABASE_TODO = Words("start the database, or correct its address", "启动数据库或更正地址")


async def postgres(url: str, now_ms: int) -> list[Finding]:
    """Can the database be reached and trusted, and is the end of the journal in it whole?"""
    try:
        async with asyncio.timeout(DATABASE_S), looked_into(url) as connection:
            return await _database(connection, now_ms)
    except DATABASE_AWAY as error:
        # A ValueError is of the address, and may hold a piece of its password.
        why = "its address is wrong" if isinstance(error, ValueError) else str(error) or type(error).__name__
        return [bad("database", "fail", Words(f"cannot be reached: {why}", f"无法连接:{why}"), _DATABASE_TODO)]


async def _database(connection: asyncpg.Connection[asyncpg.Record], now_ms: int) -> list[Finding]:
    for setting, needed in _CARELESS:
        if (found := await connection.fetchval("SELECT current_setting($1)", setting)) != needed:
            what = Words(f"has {setting} {found}", f"{setting} 为 {found}")
            todo = Words(
                f"set {setting} to {needed}, or facts can be lost", f"将 {setting} 设为 {needed},否则记录可能丢失"
            )
            return [bad("database", "fail", what, todo)]
    version = await connection.fetchval("SELECT current_setting('server_version')")
    reached = ok("database", f"PostgreSQL {version} answers", f"PostgreSQL {version} 可用")
    if await connection.fetchval("SELECT to_regclass('triune_schemas')") is None:
        return [reached, ok("journal", "none yet; made at the first start", "尚无;首次启动时创建")]
    made = await connection.fetchval("SELECT version FROM triune_schemas WHERE name = 'journal'") or 0
    if wrong := schema("journal", made, len(SCHEMA)):
        return [reached, wrong]
    rows = await connection.fetch(_NEWEST, LIVE, TAIL_FACTS + 1) if made else []
    return [reached, tail([StoredFact(**row) for row in reversed(rows)], now_ms)]


async def bus(url: str) -> Finding:
    """Does Redis answer?"""
    todo = Words("start Redis, or correct its address; until then other hubs hear of changes late",
                 "启动 Redis 或更正地址;此前各节点间通知会延迟")  # fmt: skip
    try:
        async with asyncio.timeout(_BUS_S):
            client = redis.asyncio.from_url(url, socket_timeout=_ASK_S, socket_connect_timeout=_ASK_S)
            try:
                version = (await client.info("server"))["redis_version"]
            finally:
                await client.aclose()
    except (RedisError, OSError, TimeoutError, ValueError) as error:
        why = "its address is wrong" if isinstance(error, ValueError) else str(error) or type(error).__name__
        return bad("bus", "fail", Words(f"cannot be reached: {why}", f"无法连接:{why}"), todo)
    return ok("bus", f"Redis {version} answers", f"Redis {version} 可用")


async def service(name: str, url: str, now_ms: int) -> Finding:
    """Does an outside service answer, and if by TLS, with a certificate that is good for a while?"""
    check, address = f"service {name}", urlsplit(url)
    todo = Words("ask whoever runs it, or correct its address", "联系其运维方或更正地址")
    try:
        if address.scheme == "https":
            return await _certificate(check, address.hostname or "", address.port or 443, now_ms)
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ASK_S)) as http,
            http.get(url, allow_redirects=False) as response,
        ):
            return ok(check, f"answers ({response.status})", f"可用({response.status})")
    except ssl.SSLCertVerificationError as error:
        what = Words(f"its certificate is refused: {error.verify_message}", f"证书被拒绝:{error.verify_message}")
        return bad(check, "fail", what, Words("have it renewed, or trust its issuer", "更新证书或信任其签发者"))
    except (OSError, TimeoutError, ValueError, aiohttp.ClientError) as error:
        why = str(error) or type(error).__name__
        return bad(check, "warn", Words(f"does not answer: {why}", f"无应答:{why}"), todo)


async def _certificate(check: str, host: str, port: int, now_ms: int) -> Finding:
    async with asyncio.timeout(_ASK_S):
        _, writer = await asyncio.open_connection(host, port, ssl=ssl.create_default_context())
    try:
        until_s = ssl.cert_time_to_seconds(writer.get_extra_info("peercert")["notAfter"])
    finally:
        writer.close()
    days = int(until_s - now_ms / 1000) // _DAY_S
    what = Words(f"its certificate is good for {days} days", f"证书剩余 {days} 天")
    if days < _EXPIRES_DAYS:
        return bad(check, "warn", what, Words("have it renewed", "请更新证书"))
    return ok(check, *what)


async def cameras(data: Path) -> Finding:
    """Does each camera answer where it is said to be? Those that come to the hub or an agent are not asked."""
    try:
        addresses = _addresses(data)
    except (sqlite3.Error, TriuneError, OSError, UnicodeDecodeError) as error:
        what = Words(f"their addresses cannot be read: {error}", f"无法读取地址:{error}")
        return bad(
            "cameras", "fail", what, Words("restore the site key and access.sqlite3", "恢复密钥与 access.sqlite3")
        )
    within = {camera: address for camera, address in addresses.items() if _door(address)}
    asked = sorted(within.items())[:_CAMERAS]
    turn, silent = asyncio.Semaphore(_AT_ONCE), list[str]()

    async def ask(camera: str, address: str) -> None:
        async with turn:
            if not await _opens(address):
                silent.append(camera)

    async with asyncio.TaskGroup() as tasks:
        for camera, address in asked:
            tasks.create_task(ask(camera, address))
    if silent:
        names = ", ".join(sorted(silent)[:_NAMED]) + (", …" if len(silent) > _NAMED else "")
        what = Words(
            f"{len(silent)} of {len(asked)} do not answer: {names}", f"{len(asked)} 路中 {len(silent)} 路无应答:{names}"
        )
        return bad("cameras", "warn", what, Words("check power, network and address", "检查供电、网络和地址"))
    if others := len(addresses) - len(within):
        told = f"{len(asked)} answer; {others} come to the hub or an agent and were not asked"
        return ok("cameras", told, f"{len(asked)} 路可用;{others} 路由设备或前端代理接入,未检查")
    return ok("cameras", f"{len(asked)} answer", f"{len(asked)} 路可用")


def _addresses(data: Path) -> dict[str, str]:
    path = data / "access.sqlite3"
    if not path.is_file():
        return {}
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        rows = db.execute("SELECT camera, address FROM camera_addresses").fetchall()
    finally:
        db.close()
    if not rows:
        return {}
    box = SiteKey.load(data / "site.key").box("camera-addresses")
    return {camera: box.open(bytes(sealed), camera).decode() for camera, sealed in rows}


def _door(address: str) -> int | None:
    """Return the port that a camera listens on unless its address says another; None where we do not go to it."""
    return _DOORS.get(address.partition("://")[0])


async def _opens(address: str) -> bool:
    """Connect; ask RTSP for its options (RFC 2326, section 10.1), without user and password: a 401 is an answer too."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or _door(address)
        context = None
        if parts.scheme == "rtsps":  # cameras sign their certificates themselves
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        async with asyncio.timeout(_ASK_S):
            reader, writer = await asyncio.open_connection(host, port, ssl=context)
            try:
                if not parts.scheme.startswith("rtsp"):
                    return True
                writer.write(f"OPTIONS {parts.scheme}://{host}:{port}/ RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
                return (await reader.readexactly(5)) == b"RTSP/"
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
        return False
