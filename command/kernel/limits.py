"""Every named limit in one place. What happens at each is said beside it and tested."""

from __future__ import annotations

# The sequencer. A full inbox answers 429 at once: the caller can try again, nothing is half done.
INBOX_REQUESTS = 4096
BATCH_REQUESTS = 256

# HTTP. Larger bodies get 413.
REQUEST_BODY_BYTES = 256 * 1024
EVIDENCE_BYTES = 32 * 1024 * 1024
TEXT_CHARS = 4000

# Push. A client whose socket holds more than this is only sent the newest rows, once it has drained.
CONSOLE_BUFFER_BYTES = 1024 * 1024
CONSOLES = 2000
PUSH_TICK_MS = 15
BEAT_MS = 1000

# Tables. A dropped row is remembered, so that a console that was away learns of it; past this it gets a snapshot.
TOMBSTONES = 10_000
# Time-line marks kept in memory for each situation; older ones are read from the journal.
MARKS_PER_SITUATION = 500

# Positions. A device whose clock is further off than this is reported, its fix is stored with the hub's time.
CLOCK_SKEW_MS = 10 * 60 * 1000
POSITIONS_PER_BATCH = 1000
# Largest plausible speed; a fix that needs more is noise and moves nothing (km/h).
PLAUSIBLE_SPEED_KMH = 300

# Devices.
DEVICE_CONNECTIONS = 6000
DEVICE_FRAME_BYTES = 64 * 1024
DEVICE_MESSAGES_PER_S = 50

# The case and approval services. More statements waiting for the one database thread than this answer 429.
SERVICE_DATABASE_JOBS = 256
SERVICE_PAGE_ROWS = 200
# Answers to idempotency keys are remembered for the newest of them; a retry later than that is a new request.
SERVICE_KEYS = 100_000
SERVICE_TOKEN_CHARS = 16
SERVICE_SIGN_IN_MS = 12 * 60 * 60 * 1000
SERVICE_INSTANT_MS = 253_402_300_799_999  # the last millisecond of the year 9999
# Calls to the services: an answer that takes longer or is larger counts as the service being away.
SERVICE_CALL_MS = 10_000
SERVICE_ANSWER_BYTES = 4 * 1024 * 1024

# Webhooks. One more subscriber than this gets 429; events past the newest are dropped undelivered, and counted.
WEBHOOK_SUBSCRIBERS = 16
WEBHOOK_EVENTS = 100_000
WEBHOOK_CALL_MS = 10_000
WEBHOOK_BACKOFF_FIRST_MS = 1000
WEBHOOK_BACKOFF_LONGEST_MS = 5 * 60 * 1000
# A signature whose timestamp is further off than this is refused (Standard Webhooks).
WEBHOOK_SKEW_MS = 5 * 60 * 1000
WEBHOOK_SIGNATURES = 4

# Plans and scenarios. A larger, deeper or longer file is refused with the line where it went too far.
PLAN_FILE_BYTES = 256 * 1024
PLAN_NESTING = 16
PLAN_TASKS = 300
# Past this many problems the rest are left out: the author mends these first.
PLAN_PROBLEMS = 100
SCENARIO_EVENTS = 2000
SCENARIO_DURATION_MS = 24 * 60 * 60 * 1000
SCENARIO_HAPPENINGS = 200_000
