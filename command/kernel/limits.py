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
