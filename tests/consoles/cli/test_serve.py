"""`triune serve` as a process: its logs are lines for programs on stderr, and what it announces stays on stdout."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import sqlite3
import stat
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec
import pytest

from command.actors import HUB
from command.journal import DamagedJournalError
from command.kernel.errors import DamagedFileError, UnavailableError
from command.kernel.release import NUMBER
from command.requests import ReportCall
from consoles.cli import serve
from consoles.parts.background import background
from consoles.settings import Gb28181, Settings
from consoles.site import running_site
from tests.consoles.support import settings
from tests.paths import ROOT


@pytest.mark.parametrize("asked_by", [signal.SIGTERM, signal.SIGHUP])
async def test_each_line_on_stderr_is_one_object_and_the_last_on_stdout_says_where_it_is(
    tmp_path: Path, asked_by: signal.Signals
) -> None:
    config = tmp_path / "triune.toml"
    ports = ("http_port", "jt808_port", "case_port", "approval_port", "plate_workers")
    config.write_text("".join(f"{name} = 0\n" for name in ports), encoding="utf-8")
    program = "import sys; from consoles.cli import main; sys.exit(main())"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, "serve", "--config", str(config), "--data", str(tmp_path / "var"),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},  # R1181: a terminal without Chinese
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            while not (line := await process.stdout.readline()).startswith(b"{"):
                assert line, await process.stderr.read()
            url = json.loads(line)["url"]
            async with aiohttp.ClientSession(url) as http, http.delete("/api/v1/session") as response:
                assert response.status == 401
                request_id = response.headers["X-Request-Id"]
            process.send_signal(asked_by)
            told = await process.stderr.read()
            lines = [json.loads(line) for line in told.splitlines()]
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    kept = [tmp_path / "var", *(tmp_path / "var").rglob("*")]
    assert [str(each) for each in kept if each.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)] == []  # R966
    assert (lines[0]["message"], lines[0]["release"].startswith(NUMBER)) == ("starts", True)  # R1229
    assert {"at", "level", "logger", "message"} <= set.intersection(*(set(line) for line in lines))
    (refused,) = [line for line in lines if line.get("request_id") == request_id]
    assert (refused["message"], refused["route"], refused["status"]) == ("refused", "/api/v1/session", 401)


async def test_a_hub_works_whose_standard_output_takes_nothing_and_says_how_to_sign_in(tmp_path: Path) -> None:
    """R1182."""
    config = tmp_path / "triune.toml"
    ports = ("http_port", "jt808_port", "case_port", "approval_port", "plate_workers")
    config.write_text("".join(f"{name} = 0\n" for name in ports), encoding="utf-8")
    with Path("/dev/full").open("wb") as full:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "import sys; from consoles.cli import main; sys.exit(main())", "serve",
            "--config", str(config), "--data", str(tmp_path / "var"),
            cwd=ROOT, stdout=full, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            assert json.loads(await process.stderr.readline())["message"] == "starts"
            first = json.loads(await process.stderr.readline())
            assert first["message"].endswith("cannot be told on standard output: No space left on device")
            process.send_signal(signal.SIGTERM)
            told = [json.loads(line)["message"] for line in (await process.stderr.read()).splitlines()]
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert any("triune account password admin" in message for message in told)


@pytest.mark.parametrize("error", [UnavailableError("the disk is gone"), RuntimeError("a fault of ours")])
def test_a_task_that_ends_the_hub_is_named(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail() -> None:
        raise error

    @asynccontextmanager
    async def failing_site(_: Settings, *, county: Path | None) -> AsyncIterator[None]:
        assert county is None
        async with background() as tasks:
            tasks.start(asyncio.Event().wait(), "patient")  # type: ignore[arg-type]  # it never returns its True
            tasks.start(fail(), "retention")
            await asyncio.Event().wait()
            yield

    monkeypatch.setattr(serve, "running_site", failing_site)
    parser = argparse.ArgumentParser()
    serve.add_parser(parser.add_subparsers())
    with pytest.raises((UnavailableError, ExceptionGroup)) as ended:
        serve.run(parser.parse_args(["serve"]))
    told = capsys.readouterr().err + "".join(traceback.format_exception(ended.value))
    assert "the task 'retention' ended the hub" in told
    assert "patient" not in told
    assert str(error) in told
    if isinstance(error, UnavailableError):
        assert ended.value is error
        assert "triune: the task 'retention' ended the hub" in told


@pytest.mark.parametrize("taken_by", ["http_port", "jt808_port", "gb28181", "case_port"])
async def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path, taken_by: str) -> None:  # R965
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        own = {"gb28181": Gb28181(server_id="34020000002000000001", port=port, password="12345678")}
        occupied = msgspec.structs.replace(settings(tmp_path), **{taken_by: own.get(taken_by, port)})
        told = pytest.RaisesExc(UnavailableError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use$")
        with pytest.RaisesGroup(told, flatten_subgroups=True):
            async with running_site(occupied):
                pass


async def test_a_first_start_that_fails_leaves_the_password_to_the_next(tmp_path: Path) -> None:
    """R730, R731: a port that is taken, then one folder for two hubs."""
    wanted = settings(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        occupied = msgspec.structs.replace(wanted, http_port=taken.getsockname()[1])
        with pytest.raises(ExceptionGroup):
            async with running_site(occupied):
                pass
    async with running_site(wanted) as site:
        assert site.first_password
        with pytest.raises(UnavailableError, match="in use by another hub"):
            async with running_site(wanted):
                pass
    async with running_site(wanted) as site:
        assert site.first_password is None


@pytest.mark.parametrize("how", ["cut off", "lost", "of another type"])
async def test_a_journal_that_is_not_all_there_is_refused_at_the_start(tmp_path: Path, how: str) -> None:
    """R738: with answers and signed heads gone too: links were told of more. R904: the whole file."""
    wanted = settings(tmp_path)
    path = Path(wanted.data) / "journal.sqlite3"
    async with running_site(wanted) as site:
        for call in ("1", "2", "3"):
            await site.hub.ask(ReportCall(dialled="110", caller=call), HUB)
        await site.hub.wait_beyond(site.hub.committed_seq - 1)
        cursors = sqlite3.connect(Path(wanted.data) / "links.sqlite3")
        while cursors.execute("SELECT count(*) FROM cursors WHERE seq = 3").fetchone() == (0,):
            await site.clock.sleep(10)
        cursors.close()
    if how == "lost":
        for each in path.parent.glob("journal.sqlite3*"):
            each.unlink()
    else:
        journal = sqlite3.connect(path)
        with journal:
            if how == "cut off":
                for table in ("facts", "answers", "signed_heads"):
                    journal.execute(f"DELETE FROM {table} WHERE seq > 1")
            else:
                journal.execute("UPDATE facts SET data = CAST(data AS TEXT) WHERE seq = 2")
        journal.close()
    with pytest.raises(ExceptionGroup) as raised:
        async with running_site(wanted):
            pass
    told = raised.value.subgroup(DamagedFileError if how == "lost" else DamagedJournalError)
    assert told is not None
    words = {"cut off": "cut off: the journal ends at fact", "of another type": "fact 2 was changed"}
    assert words.get(how, "journal.sqlite3 is missing beside readings.sqlite3") in repr(told.exceptions)
