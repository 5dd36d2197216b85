"""The drill: back up a hub under load, kill it, restore elsewhere, go on there with everything that was answered."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from command import requests as q
from command.actors import Role
from command.kernel.clock import SystemClock
from command.kernel.database import SqliteDatabase
from command.readings import hours
from command.readings.sqlite import SqliteReadings
from streams.plates.hours import ReadingHours
from streams.plates.quality import Measure
from tests.consoles.support import Person, mirror, signed_in
from tests.e2e.hub_process import HubProcess, add_accounts, hub_process, triune

WRITERS = 4
READ_WELL = Measure(watched_ms=3_600_000, passages=90, confidence_sum=88.5, found=95, unread=5, moving=400)
ROLES: tuple[Role, ...] = ("dispatcher", "wall", "administrator")
Passwords = dict[str, str]


class Load:
    """People who write until the hub is gone, and everything that it answered them."""

    def __init__(self, hub: HubProcess, person: Person, situation: str, token: str) -> None:
        self.answered: dict[str, str] = {}
        self.asked: dict[str, str] = {}
        self.files: set[str] = set()
        self.fixes: set[int] = set()
        self.longest_s = 0.0
        self._hub = hub
        self._person = person
        self._situation = situation
        self._token = token

    async def calls(self, name: str) -> None:
        """Report calls, one after the other."""
        for number in range(1_000_000):
            key = f"{name}-{number:06}"
            self.asked[key] = f"1{random.getrandbits(32):010}"
            asked_s = asyncio.get_running_loop().time()
            status, answer = await self._person.ask(q.ReportCall(dialled="110", caller=self.asked[key]), key)
            self.longest_s = max(self.longest_s, asyncio.get_running_loop().time() - asked_s)
            if status == 200:
                self.answered[key] = answer["subject"]
            await self._wait_where_told(status)

    async def _wait_where_told(self, status: int) -> None:
        """One person may ask so often and no more; on a fast machine that comes soon."""
        if status == 429:
            await SystemClock().sleep(100)

    async def evidence(self) -> None:
        """Bring files, and have them taken into custody."""
        while True:
            data = random.randbytes(50_000)
            headers = {"X-CSRF-Token": self._person.csrf, "Content-Type": "image/jpeg"}
            async with self._person.http.post("/api/v1/blobs", data=data, headers=headers) as response:
                await self._wait_where_told(response.status)
                if response.status == 429:
                    continue
                assert response.status == 200
                name = msgspec.json.decode(await response.read())["sha256"]
            request = q.FixEvidence(
                situation=self._situation, sha256=name, media_type="image/jpeg", size=len(data), name="现场",
                taken_ms=SystemClock().now_ms(),
            )  # fmt: skip
            status, _ = await self._person.ask(request, f"evidence {name}")
            if status == 200:
                self.files.add(name)
            await self._wait_where_told(status)

    async def positions(self) -> None:
        """Report where a unit is, a second apart by its own clock."""
        first_s = SystemClock().now_ms() // 1000 - 3600
        for number in range(3600):
            at_s = first_s + number
            where = {"id": "d1", "lat": "29.4", "lon": f"{113.1 + number / 1e5}", "timestamp": str(at_s)}
            headers = {"Authorization": f"Bearer {self._token}"}
            async with self._person.http.post("/ingest/osmand", params=where, headers=headers) as response:
                if response.status == 200:
                    self.fixes.add(at_s * 1000)

    async def until_gone(self, work: Callable[..., Any], *arguments: str) -> None:
        try:
            await work(*arguments)
        except aiohttp.ClientError:
            return


async def prepared(hub: HubProcess, passwords: Passwords) -> tuple[str, str]:
    """Enrol a unit with a tracker and open a situation; return the situation and the tracker's token."""
    station = q.EnrolStation(
        station="s1", name="城关派出所", service="110", lat=29.4, lon=113.1, leader="l1", leader_phone="13800000001"
    )
    unit = q.EnrolUnit(
        unit="u1", name="巡逻一组", kind="patrol_car", service="110", station="s1", phone="13800000000", officers=["甲"]
    )
    async with signed_in(hub.url, "administrator", passwords["administrator"]) as person:
        for request in (station, unit, q.EnrolDevice(device="d1", kind="osmand", unit="u1")):
            status, answer = await person.ask(request)
            assert status == 200, answer
    async with signed_in(hub.url, "dispatcher", passwords["dispatcher"]) as person:
        opening = q.OpenSituation(title="斗殴", service="110", kind="public_security", level=4)
        status, answer = await person.ask(opening, "the first situation")
        assert status == 200, answer
    token = (await triune("device", "token", "d1", "--data", str(hub.data)))["token"]
    return str(answer["subject"]), token


async def count_readings(data: Path) -> None:
    """Count an hour before a camera, as the hub does beside us."""
    counted = SqliteDatabase(data / "reading_hours.sqlite3", hours.SCHEMA, "reading hours")
    await ReadingHours(counted).add({("c1", 500_000): READ_WELL})
    await counted.close()


async def cases(person: Person) -> dict[str, str]:
    """Return the case of each situation once each has one."""
    async with mirror(person) as console:
        await console.subscribe("situations")
        while not all(row["case"] for row in console.tables["situations"].values()):
            await console.take()
        return {key: row["case"] for key, row in console.tables["situations"].items()}


@pytest.mark.timeout(900)  # three starts and a dozen commands, each a process
async def test_a_hub_killed_under_load_goes_on_elsewhere_from_its_backup(tmp_path: Path) -> None:
    archive, key, passwords = tmp_path / "night.backup", tmp_path / "kept apart.key", Passwords()
    async with hub_process(tmp_path / "var") as hub:
        data = str(hub.data)
        passwords.update(await add_accounts(hub.data, {role: (role, "") for role in ROLES}))
        key.write_bytes((hub.data / "site.key").read_bytes())
        situation, token = await prepared(hub, passwords)
        async with signed_in(hub.url, "dispatcher", passwords["dispatcher"]) as person:
            had_cases = await cases(person)
            cookies = {cookie.key: cookie.value for cookie in person.http.cookie_jar}
            load = Load(hub, person, situation, token)
            async with asyncio.TaskGroup() as group:
                for writer in range(WRITERS):
                    group.create_task(load.until_gone(load.calls, f"w{writer}"))
                for work in (load.evidence, load.positions):
                    group.create_task(load.until_gone(work))
                while len(load.answered) < 300 or len(load.files) < 3 or len(load.fixes) < 20:
                    await SystemClock().sleep(20)
                before = dict(load.answered), set(load.files), set(load.fixes)
                load.longest_s = 0
                await count_readings(hub.data)
                await triune("backup", str(archive), "--data", data)
                during, longest_s = len(load.answered) - len(before[0]), load.longest_s
                await hub.kill()
    assert during > 0, "the backup was taken of a hub at rest"
    assert longest_s < 5, "requests waited for the backup"
    restored = tmp_path / "other machine" / "var"
    await triune("restore", str(archive), "--to", str(restored), "--key", str(key))
    async with hub_process(restored) as hub:
        async with aiohttp.ClientSession(hub.url, cookies=cookies) as http, http.get("/api/v1/session") as response:
            assert response.status == 401  # sessions of before end with the hub
        async with signed_in(hub.url, "dispatcher", passwords["dispatcher"]) as person:
            await goes_on(person, load, *before[:2])
            assert await cases(person) == had_cases
            where = {"id": "d1", "lat": "29.4", "lon": "113.2"}
            headers = {"Authorization": f"Bearer {token}"}
            async with person.http.post("/ingest/osmand", params=where, headers=headers) as response:
                assert response.status == 200, "the tracker has to be given a new token"
    readings = SqliteReadings(restored / "readings.sqlite3")
    fixes = {fix.at_ms for fix in await readings.track("live", "d1", 0, SystemClock().now_ms(), 5000)}
    await readings.close()
    assert before[2] <= fixes
    counted = SqliteDatabase(restored / "reading_hours.sqlite3", hours.SCHEMA, "reading hours")
    assert await ReadingHours(counted).of("c1", 0) == {500_000: READ_WELL}
    await counted.close()
    await triune("verify", "--data", str(restored))
    await an_earlier_moment(archive, key, tmp_path / "earlier")


async def goes_on(person: Person, load: Load, answered: dict[str, str], files: set[str]) -> None:
    """Everything answered before the backup is on the screens, is not done twice, and every file opens."""
    async with mirror(person) as console:
        await console.subscribe("calls", "evidence")
        calls, evidence = console.tables["calls"], console.tables["evidence"]
    assert set(answered.values()) <= set(calls)
    assert files <= {row["sha256"] for row in evidence.values()}
    for row in evidence.values():
        async with person.http.get(f"/api/v1/blobs/{row['sha256']}") as response:
            assert response.status == 200, f"{row['sha256']} is named and not there"
            assert hashlib.sha256(await response.read()).hexdigest() == row["sha256"]
    for key, subject in random.sample(sorted(answered.items()), 50):
        status, answer = await person.ask(q.ReportCall(dialled="110", caller=load.asked[key]), key)
        assert (status, answer["subject"]) == (200, subject), f"{key} was carried out twice"
    status, answer = await person.ask(q.ReportCall(dialled="110", caller="13900000000"), "a new one")
    assert status == 200
    assert answer["subject"] not in calls


async def an_earlier_moment(archive: Path, key: Path, to: Path) -> None:
    """Half the record is a whole record too, and a hub starts on it."""
    await triune("restore", str(archive), "--to", str(to), "--key", str(key), "--until-seq", "100")
    verdict: dict[str, Any] = dict(await triune("verify", "--data", str(to)))
    assert verdict["spaces"] == {"live": 100}  # calls are entries of one fact
    async with hub_process(to):
        pass
