"""Whether a camera's policy has it recorded at an instant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from command.facts.recording import Hours
from command.kernel.local_time import BEIJING


def covers(schedule: Iterable[Hours], at_ms: int) -> bool:
    """Say whether an instant is within one of the times of the week, by the county's clock."""
    local = datetime.fromtimestamp(at_ms / 1000, BEIJING)
    today, minute = local.isoweekday(), local.hour * 60 + local.minute
    yesterday = (today - 2) % 7 + 1
    for hours in schedule:
        if hours.from_min < hours.to_min:
            if today in hours.days and hours.from_min <= minute < hours.to_min:
                return True
        elif (today in hours.days and minute >= hours.from_min) or (yesterday in hours.days and minute < hours.to_min):
            return True
    return False
