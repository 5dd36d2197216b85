"""A small script for the tiny county of the hub's tests, and a way to run it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from command.requests import ApproveWatch, RequestWatch
from plans.registers import Registers, registers_of
from plans.rehearsal import Rehearsal, Speed
from plans.scenario import Scenario
from plans.scenario_format import known_of, load_scenario
from tests.command.support import DISPATCHER, LEADER, START_MS, a_plan, desk

SCRIPT = """
id: small
title: {zh: 小演练, en: Small}
plan: tanker
starts_at: 2026-03-14T02:30:00+08:00
ends: 01:00:00
fix_every_s: 10
events:
  - {kind: call, at: 00:00:10, call: call-1, dialled: 122, caller: 00043069001, text: 油罐车侧翻,
     place: {lat: 30.5, lon: 114.3}}
  - {kind: answer, at: 00:00:20, call: call-1}
  - {kind: open, at: 00:01:00, call: call-1, situation: tanker, title: 油罐车侧翻, service: 122,
     incident: accident, level: 3, place: {lat: 30.5, lon: 114.3}}
  - {kind: end_call, at: 00:01:10, call: call-1, outcome: situation}
  - {kind: activate, at: 00:02:00, situation: tanker}
  - {kind: order, at: 00:02:10, situation: tanker, units: [u1, u1], task: close, text: 封路}
  - {kind: respond, at: 00:02:10, unit: u1, sign_s: 10, depart_s: 20, arrive_s: 120, feed_back_s: 600, result: 已处置}
  - {kind: track, at: 00:02:30, unit: u1, speed_kmh: 60, waypoints: [{lat: 30.5, lon: 114.3}, {lat: 30.53, lon: 114.3}]}
  - {kind: link_down, at: 00:03:00, link: sms, reason: 无应答}
  - {kind: camera_down, at: 00:03:10, camera: k1, reason: 断电}
  - {kind: sighting, at: 00:04:00, camera: k2, plate: 湘F9K237}
  - {kind: task_done, at: 00:09:00, task: close, note: 已封}
  - {kind: inject, at: 00:09:30, to: commander, text: 风向转南}
  - {kind: decide, at: 00:12:00, task: cordon, granted: true, by: 李县长}
  - {kind: link_up, at: 00:12:30, link: sms}
  - {kind: task_done, at: 00:15:00, task: cordon}
  - {kind: task_done, at: 00:16:00, task: cordon, note: 再报}
  - {kind: next_phase, at: 00:17:00, phase: second}
"""


def script(text: str = SCRIPT) -> Scenario:
    return load_scenario(text, known_of(a_plan(), frozenset({"u1", "u2"}), frozenset({"k1", "k2"})))


async def registers() -> Registers:
    """The registers of a hub with the tiny county, a granted watch and one that waits for its approval."""
    async with desk() as live:
        until_ms = START_MS + 3_600_000
        ask = RequestWatch(pattern="湘F9K2?7", reason="肇事逃逸", level=2, until_ms=until_ms)
        await live.ask(ApproveWatch(watch=await live.ask(ask, DISPATCHER)), LEADER)
        await live.ask(RequestWatch(pattern="湘F9*", reason="未批", level=4, until_ms=until_ms), DISPATCHER)
        return await live.hub.read(lambda t: registers_of(t, live.clock.now_ms()))


@asynccontextmanager
async def rehearsing(speed: Speed = "max", scenario: Scenario | None = None) -> AsyncIterator[Rehearsal]:
    """A rehearsal that runs as long as the block lasts, its registers copied."""
    rehearsal = Rehearsal("rehearsal-1", a_plan(), scenario or script(), await registers(), speed=speed)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(rehearsal.run())
        await rehearsal.ready.wait()
        yield rehearsal
        running.cancel()
