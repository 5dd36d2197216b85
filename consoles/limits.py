"""Named limits of consoles: what happens at each is said beside it and tested."""

from __future__ import annotations

from command.kernel.limits import WATCHES_AT_ONCE
from edge.limits import VIID_PASS_AGE_MS

# Push. A client whose socket holds more than this is only sent the newest rows, once it has drained.
CONSOLE_BUFFER_BYTES = 1024 * 1024
CONSOLES = 2000
# Facts whose seals a hub remembers for consoles that come back; others are looked up.
SEALS_KEPT = 4096
PUSH_TICK_MS = 15
BEAT_MS = 1000

# Watching. Lines of one kind that are logged in a second; the others are counted, and the next line says how many.
LOG_LINES_PER_S = 200
# Lines that lead from a request to its facts, counted apart: more than a hub records of requests in a second.
LOG_COMMITS_PER_S = 5000
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
# How often is asked what disks have left and stores take, and after how many such turns without an answer nobody knows.
FIGURES_LOOK_MS = 30_000
FIGURES_OLD_LOOKS = 3
# Below what readiness names the disk of the data folder: recordings leave 5 GiB to others, so that they alone never
# bring it there.
DISK_LEFT_BYTES = 2 * 1024**3
# A machine's clock that was set back by more than this is named: until the hub is started anew it dates ahead.
CLOCK_SET_BACK_MS = 10 * 60 * 1000
# A hub that shares a database looks so often what that one's clock says, and names it from so far apart on.
CLOCK_LOOK_MS = 30_000
CLOCK_APART_MS = 5_000
# The newest backup is late once it is older than so many turns of those that the hub makes by itself.
BACKUP_LATE_TURNS = 2

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
# Lines of one file in which the way of a patrol, or who was somewhere, is taken out: all fixes that one question looks
# at, and room for gaps; more get 413.
PATROL_FILE_LINES = 60_000
QUERIES_LISTED = 200
# An agent or another hub that does not tell within this how far it comes to a camera is not waited for.
DIAGNOSIS_MS = 60_000

# Doors of HTTP. A connection past these is told 503 or 429 and closed; OPEN_FILES has room for them, a second number
# for each console's, and as many terminals, SIP devices and files at once.
# This machine's own addresses speak for everybody behind the TLS proxy: for them only the total counts.
HTTP_CONNECTIONS = 6000
OPEN_FILES = 16_384
HTTP_CONNECTIONS_PER_ADDRESS = 512
HTTP_BACKLOG = 1024
# A connection whose first request has no end of its head by then is closed; so is one that asks nothing for so long.
HTTP_HEAD_MS = 10_000
HTTP_IDLE_MS = 75_000
# Requests of one person or device; further ones get 429. Who asks is remembered for the newest.
REQUESTS_PER_S = 200
ASKERS_REMEMBERED = 10_000
# A file of evidence that has not come whole within this gets 408.
EVIDENCE_BODY_MS = 5 * 60 * 1000
# Files of evidence on their way in or out at once, each whole in memory; one more gets 429.
EVIDENCE_TRANSFERS = 16
SIGN_IN_BODY_BYTES = 4096
# A console that said nothing and took nothing off its socket for this long is cut off; it comes back and resumes.
CONSOLE_SILENT_MS = 22_500
CONSOLE_MESSAGE_BYTES = 64 * 1024
# Messages of one console; further ones wait in its socket.
CONSOLE_MESSAGES_PER_S = 20
# A console is pinged after so much silence, and asked for its session again so often.
CONSOLE_PING_MS = 15_000
CONSOLE_RECHECK_MS = 10_000
# Consoles that subscribe within this of one another are sent the same bytes where nothing changed meanwhile.
SNAPSHOT_SHARED_MS = 200
# A console that comes from a hub that knew more waits so long for this one to know it too; then it is sent elsewhere.
CONSOLE_CATCH_UP_MS = 5000

# Each hub looks into the journal and the readings by itself: often while there is no bus, else for lost messages.
FOLLOW_ALONE_MS = 300
FOLLOW_MS = 2000

# Simulations. More of any of them is refused; one run is bounded by these, and a step that never ends by its own limit.
SIMULATED_HOURS = 48
SIMULATED_HUBS = 5
SIMULATED_SEEDS = 10_000

# Passages before this hub's own cameras that wait while the readings refuse them, and bytes of pictures while the blobs
# do; past either the oldest is dropped and counted. Both are tried again.
OWN_PASSAGES_WAITING = 20_000
OWN_PICTURES_BYTES = 128 * 1024 * 1024
OWN_PASSAGES_AGAIN_MS = 1000
# Alarms that its own cameras raise by themselves, while the record refuses them: past this the oldest that was said
# again since is dropped, else the oldest. Tried again after.
OWN_ALARMS_WAITING = 2000
OWN_ALARMS_AGAIN_MS = 1000

# Sessions of which a hub remembers that it is on record that they see passages; of others it asks the record again.
SESSIONS_WATCHING = 2000

# Evidence of violations. A clip shows so much before and after the passage, and never more than the longest; what is
# not recorded after so long will not come.
VIOLATION_CLIP_AROUND_MS = 5000
VIOLATION_CLIP_LONGEST_MS = 60 * 1000
VIOLATION_CLIP_WAIT_MS = 2 * 60 * 1000
VIOLATION_CLIP_AWAY_MS = 6 * 60 * 60 * 1000
VIOLATION_PACK_LOOK_MS = 5000
VIOLATION_PACK_AGAIN_MS = 60 * 1000
VIOLATION_PACKS_AT_ONCE = 50
VIOLATION_DRIVE_ROWS = 200
# An area is not judged by any more so long after its end: no later do devices tell of passages.
VIOLATION_RULES_LATE_MS = VIID_PASS_AGE_MS

# Passages that may be violations once their pictures come, and how long each waits; past either the oldest is given up
# and counted. And passages before cameras with rules that a sweep need not judge again.
VIOLATIONS_WITHOUT_PICTURE = 2000
VIOLATION_PICTURE_AWAY_MS = 6 * 60 * 60 * 1000
VIOLATION_PASSAGES_JUDGED = 50_000

# Passages that wait to be judged, by the rules of violations or by the watch list; past them they are looked for among
# what is stored, so far back and so many at once. What cannot be judged now is tried again; after so many others get
# their turn.
JUDGE_QUEUE = 10_000
JUDGE_AT_ONCE = 100
JUDGE_SWEEP_MS = 60 * 60 * 1000
JUDGE_SWEEP_ROWS = 500
JUDGE_SWEEP_EVERY_MS = 10 * 60 * 1000
JUDGE_AGAIN_MS = 1000

# A file of entries: larger or longer ones get 413. A sheet is read by a process of its own, which ends past these.
WATCH_FILE_BYTES = 4 * 1024 * 1024
WATCH_FILE_ROWS = WATCHES_AT_ONCE
WATCH_FILE_COLUMNS = 64
WATCH_SHEET_BYTES = 64 * 1024 * 1024
WATCH_SHEET_MEMORY_BYTES = 768 * 1024 * 1024
WATCH_SHEET_MS = 20_000
# Files of entries read at once; one more gets 429. Past so many problems of a file the rest are counted only.
WATCH_FILES_AT_ONCE = 2
WATCH_FILE_PROBLEMS = 500

# Where a car was seen before is looked for in this much of the readings.
HIT_LAST_SEEN_MS = 30 * 24 * 60 * 60 * 1000
# A car that was seen so long before an entry came into force, as clocks of devices go, is still a hit as it comes.
HIT_CLOCKS_MS = 60 * 1000
# What an entry would have matched is counted in so many sightings, and shown up to here.
WATCH_CHECK_SIGHTINGS = 200

# What one hub may do for the others at once: live pictures, which last, for every camera of a county at a few hubs;
# apart from them everything else, and as many who have not said yet who they are. How long one may take for that:
# after it a hub is away.
PEER_PICTURES = 8192
PEER_ERRANDS = 512
PEER_HELLO_MS = 3000
# A hub looks so often whether its address leads to it, and believes it again after so many looks that did.
ADDRESS_LOOK_MS = 10_000
ADDRESS_LOOKS = 6
# Things that one hub tells of at most when another lists those of all: agents, devices, who was refused.
PEER_LISTED = 20_000

# A list (库) as offices send it. It is read by a process of its own, which ends past these; past so many faults, and
# lines that stand twice, the rest are counted only.
LIBRARY_FILE_BYTES = 96 * 1024 * 1024
LIBRARY_FILE_BODY_MS = 10 * 60 * 1000
LIBRARY_SHEET_BYTES = 512 * 1024 * 1024
LIBRARY_READER_MEMORY_BYTES = 3 * 1024 * 1024 * 1024
LIBRARY_READER_MS = 5 * 60 * 1000
LIBRARY_FILE_PROBLEMS = 200
# Rows that columns which are not taken are judged by.
LIBRARY_COLUMN_ROWS = 10_000
# Files being read at once; one more gets 429. Files that were read and may be asked for; the oldest is forgotten.
LIBRARY_FILES_AT_ONCE = 1
LIBRARY_FILES_READ = 16
# A file that could not be had is tried again after this.
LIBRARY_AGAIN_MS = 30 * 1000
