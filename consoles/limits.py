"""Named limits of consoles: what happens at each is said beside it and tested."""

from __future__ import annotations

# Push. A client whose socket holds more than this is only sent the newest rows, once it has drained.
CONSOLE_BUFFER_BYTES = 1024 * 1024
CONSOLES = 2000
PUSH_TICK_MS = 15
BEAT_MS = 1000

# Watching. Lines of one kind that are logged in a second; the others are counted, and the next line says how many.
LOG_LINES_PER_S = 200
# Kinds told apart; further ones share one turn. Lines waiting for the writing thread; one more is dropped and counted.
LOG_KINDS = 1000
LOG_LINES_WAITING = 10_000
# Texts in a log line are cut to this.
LOG_LINE_CHARS = 8000
# Asks whose outcome is to be logged and that have none yet; past it the oldest is told without its request.
ASKS_WATCHED = 8192
# Traces that wait for the push of what they recorded, and for how long; past it they end without one.
PUSHES_TRACED = 1000
PUSH_TRACED_MS = 5000
# How old an answer about readiness may be, and how long the hub is given to show that it turns.
HEALTH_AGE_MS = 1000
HEALTH_ANSWER_MS = 2000
# How often is looked at what the disk of the data folder has left, and below what readiness names it: recordings leave
# 5 GiB to others, so that they alone never bring it there.
DISK_LOOK_MS = 30_000
DISK_LEFT_BYTES = 2 * 1024**3

# An edge agent that is asked about its recordings, and of which nothing comes for so long, counts as away.
AGENT_RECORDINGS_MS = 15_000
# One that is asked which devices or cameras it has: less, since other hubs wait meanwhile for what this one tells.
AGENT_LISTED_MS = 8_000
# An agent that tries a camera ends that by itself (ADOPTION_TRY_MS); one that says nothing by then is not waited for.
CAMERA_TRIAL_MS = 30_000
# How long is waited for an agent to say what a device has recorded, which looks through its disks and is asked again.
DEVICE_LIST_MS = 25_000
# Events near cameras at agents that wait to be told to them; past them they are not recorded, and that is logged.
AGENT_EVENTS = 256

# How soon it is on record that a hub was taken out.
TAKEN_OUT_LOOK_MS = 1000

# A query of sightings: corners of the area drawn for it; how long a time it may be about where it names neither plate
# nor two characters of one; passages on one page; passages in one exported file, more of which get 413.
QUERY_BODY_BYTES = 64 * 1024
QUERY_AREA_CORNERS = 100
QUERY_OPEN_MS = 24 * 60 * 60 * 1000
QUERY_PAGE = 200
EXPORT_PASSAGES = 10_000
QUERIES_LISTED = 200
# An agent or another hub that does not tell within this how far it comes to a camera is not waited for.
DIAGNOSIS_MS = 60_000
