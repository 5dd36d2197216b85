"""Every answered request is there after kill -9 at any moment, none twice: the real command, through its own port."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import aiohttp
import pytest

from command import requests as q
from command.kernel.clock import SystemClock
from tests.consoles.support import Person, mirror, signed_in
from tests.e2e.hub_process import HubProcess, hub_process, triune

ROUNDS = 4
WRITERS = 8
LOAD = 6
"""Requests that each round answers before its kill is thought of."""


async def write(person: Person, name: str, answered: dict[str, str], asked: dict[str, str]) -> None:
    """Report calls one after the other until the hub is gone; keep what was answered."""
    number = len(asked)
    while True:
        number += 1
        key = f"{name}-{number:06}"
        asked[key] = f"1{number:010}"
        try:
            status, answer = await person.ask(q.ReportCall(dialled="110", caller=asked[key]), key)
        except aiohttp.ClientError:
            return
        if status == 200:
            answered[key] = answer["subject"]


async def one_round(hub: HubProcess, password: str, after_ms: int, answered: dict[str, str]) -> dict[str, str]:
    """Load the hub from several sides and kill it in the middle; return everything that was asked."""
    asked: dict[str, str] = {}
    async with signed_in(hub.url, "dispatcher", password) as person, asyncio.TaskGroup() as group:
        for writer in range(WRITERS):
            group.create_task(write(person, f"w{writer}-{random.getrandbits(32):08x}", answered, asked))
        before = len(answered)
        while len(answered) - before < LOAD:  # the clock runs on while a busy machine lets nobody write
            await SystemClock().sleep(10)
        await SystemClock().sleep(after_ms)
        await hub.kill()
    return asked


@pytest.mark.timeout(600)  # five starts and two commands, each a process
async def test_what_was_answered_is_there_after_kill_9_and_none_twice(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    data = tmp_path / "var"
    async with hub_process(data) as hub:
        made = await triune("account", "add", "dispatcher", "--role", "dispatcher", "--data", str(data))
        answered: dict[str, str] = {}
        asked: dict[str, str] = {}
        for _ in range(ROUNDS):
            asked |= await one_round(hub, made["password"], 200 + chance.randrange(1000), answered)
            await hub.start()
        assert len(answered) > 20, f"seed {seed}: the load was no load"
        async with signed_in(hub.url, "dispatcher", made["password"]) as person, mirror(person) as console:
            await console.subscribe("calls")
            calls = console.tables["calls"]
            assert {answered[key] for key in answered} <= set(calls), f"seed {seed}: an answered request is lost"
            # Asking again with the same key, answered or not, ends with the call there exactly once.
            for key, caller in asked.items():
                request = q.ReportCall(dialled="110", caller=caller)
                while (answered_again := await person.ask(request, key))[0] == 429:
                    pass  # one person may ask so often a second; refused at the door, so nothing happened
                status, answer = answered_again
                assert status == 200
                if key in answered:
                    assert answer["subject"] == answered[key], f"seed {seed}: {key} was carried out twice"
        async with signed_in(hub.url, "dispatcher", made["password"]) as person, mirror(person) as console:
            await console.subscribe("calls")
            assert len(console.tables["calls"]) == len(asked), f"seed {seed}: something was carried out twice"
    await triune("verify", "--data", str(data))
