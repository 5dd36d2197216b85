"""Named limits of plans and scenarios: what happens at each is said beside it and tested."""

from __future__ import annotations

# Rehearsals. One more at once gets 429; one that nobody watched or controlled for so long is stopped.
REHEARSALS = 4
REHEARSAL_IDLE_MS = 60 * 60 * 1000
REHEARSAL_SWEEP_MS = 60 * 1000
# A rehearsal whose record has this many facts ends there.
REHEARSAL_FACTS = 200_000
# What outside services would have been told; further ones are counted only. The same for what was refused.
REHEARSAL_TOLD = 10_000
REHEARSAL_REFUSALS = 10_000
REHEARSAL_SPEED = 60
# How often a unit that the script leaves where it is reports its place.
REHEARSAL_STANDBY_MS = 60_000
# What rehearsals came to, the newest of a hub; older ones go.
REPORTS_KEPT = 200
# Scenario files of a folder; the others are not read.
SCENARIO_FILES = 200

# Replay. Folds of the past that run at once, each in a thread; one more waits, and past this many waiting gets 429.
REPLAYS = 2
REPLAYS_WAITING = 16
REPLAY_FACTS_READ = 5000
# Tables of before situations that were looked at, for each journal; those used longest ago go.
REPLAY_STARTS = 4
# Past situations in one answer; whoever wants more asks for a shorter time.
PAST_SITUATIONS = 500
# Facts of one situation's time line in one answer.
TIMELINE_FACTS = 20_000

# Plans and scenarios. A larger, deeper or longer file is refused with the line where it went too far.
PLAN_FILE_BYTES = 256 * 1024
PLAN_NESTING = 16
# Past this many problems the rest are left out: the author mends these first.
PLAN_PROBLEMS = 100
SCENARIO_EVENTS = 2000
SCENARIO_DURATION_MS = 24 * 60 * 60 * 1000
SCENARIO_HAPPENINGS = 200_000
