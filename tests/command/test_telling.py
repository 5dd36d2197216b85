"""What the hub's own parts record: that it could not be is logged, but not at an orderly stop (SPEC R780)."""

from __future__ import annotations

import logging

import pytest

from command.requests import ReportCamera, ReportLink
from command.telling import tell
from tests.command.support import desk

log = logging.getLogger(__name__)


async def test_what_cannot_be_recorded_is_logged_while_the_hub_runs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, __name__)
    async with desk() as d:
        assert await tell(d.hub, ReportLink(link="case", up=True), log, "how the case service is")
        assert not await tell(d.hub, ReportCamera(camera="k99", up=True), log, "state of camera k99")
        (told,) = [record.getMessage() for record in caplog.records]
        assert told.startswith("state of camera k99 could not be recorded: ")
        caplog.clear()
    assert d.hub.stopped
    assert not await tell(d.hub, ReportLink(link="case", up=False), log, "how the case service is")
    assert not caplog.records
