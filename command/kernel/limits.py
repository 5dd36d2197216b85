"""The named limits of the record and of what all packages share; others stand in the `limits.py` of their package.

What happens at each is said beside it and tested.
"""

from __future__ import annotations

# The sequencer. A full inbox answers 429 at once: the caller can try again, nothing is half done.
INBOX_REQUESTS = 4096
BATCH_REQUESTS = 256
# An idempotency key that is longer, or holds what cannot be printed, gets 400.
REQUEST_KEY_CHARS = 300
HUB_RETRY_MS = 1000
"""How long the hub waits before it looks for a lost journal again, or asks for a deadline that could not be met."""
HUB_HANGS_MS = 2000
"""A store that answers nothing for so long is shown as one that does not record: it may be a disk that hangs."""
# What parts of the hub find out is held against the record so often, for what could not be recorded as it was found.
SAID_LOOK_MS = 5000
# While something is waited for from outside, so often is it seen whether this process itself was kept from running.
LISTENING_LOOK_MS = 500
# Deadlines that were moved or dropped and still stand in the heap; past this it is built anew.
MOVED_DEADLINES = 1000

# Memory. Looked at so often; grown by so much since, what nothing but itself holds is looked for at once.
GARBAGE_LOOK_MS = 10_000
GARBAGE_GROWN_BYTES = 128 * 1024 * 1024

# HTTP. Larger bodies get 413.
REQUEST_BODY_BYTES = 256 * 1024
EVIDENCE_BYTES = 32 * 1024 * 1024
TEXT_CHARS = 4000
# The form of a call. What would have more, or a longer text, is refused.
FORM_ANSWERS = 40

# Tables. A dropped row is remembered, so that a console that was away learns of it; past this it gets a snapshot.
TOMBSTONES = 10_000
# Time-line marks kept in memory for each situation; older ones are read from the journal.
MARKS_PER_SITUATION = 500
# Different things that a device said while its alarm stands, of which the alarm tells; the oldest is left out.
DEVICE_ALARM_WORDS = 3

# Positions. A fix from further in the future than this is refused and counted: the device's clock is wrong.
CLOCK_SKEW_MS = 10 * 60 * 1000
POSITIONS_PER_BATCH = 1000
# Largest plausible speed; a fix that needs more is noise and moves nothing (km/h).
PLAUSIBLE_SPEED_KMH = 300

# The case and approval services. More statements waiting for the one database thread than this answer 429.
SERVICE_DATABASE_JOBS = 256
SERVICE_PAGE_ROWS = 200
SERVICE_PAGE_BYTES = 1024 * 1024  # a page ends early past this
# Answers to idempotency keys are remembered for the newest of them; a retry later than that is a new request.
SERVICE_KEYS = 100_000
SERVICE_TOKEN_CHARS = 16
# A case handed to and fro more often than this answers 429: somebody has to talk, not click.
CASE_STEPS = 200
# A case travels whole in a webhook, so it must fit into REQUEST_BODY_BYTES; a text that makes it larger answers 413.
CASE_BYTES = 192 * 1024
APPROVALS_PER_TICK = 256
SERVICE_SIGN_IN_MS = 12 * 60 * 60 * 1000
SERVICE_INSTANT_MS = 253_402_300_799_999  # the last millisecond of the year 9999
# Calls to the services: an answer that takes longer or is larger counts as the service being away; a request body
# that takes longer gets 408.
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

# Plans. A file with more tasks is refused.
PLAN_TASKS = 300

# Plates. Characters of a watch pattern; a longer one is refused.
PATTERN_CHARS = 16

# Sign-in. After this many wrong passwords a name has to wait.
SIGN_IN_FAILURES = 5
SIGN_IN_PAUSE_MS = 60 * 1000
SESSION_MS = 12 * 60 * 60 * 1000

# Readings. One answer holds at most this many rows; whoever wants more asks again from where it ended.
READINGS_ROWS = 20_000
# Rows waiting for the one commit before theirs; past it the writer is told that the store is away, and sends again.
READINGS_WAITING = 50_000
# Readings kept in memory (rehearsals); one more is refused.
READINGS_IN_MEMORY = 1_000_000

# Patrols. Another device of the same unit speaks for its place only once the one that did was quiet for so long.
LEADING_DEVICE_MS = 60_000
# Two places of a still receiver may differ by this whatever the time between them (m).
FIX_NOISE_M = 50
# SOS fixes further apart than this are two calls for help; a call older than the age is history and raises nothing.
SOS_GAP_MS = 60_000
SOS_AGE_MS = 24 * 60 * 60 * 1000
# A call for help waits no longer for the readings that tell where it began.
SOS_LOOK_MS = 2000
SILENCE_SWEEP_MS = 5000
# Units reported silent at one sweep; the others wait for the next, so that a dead network does not fill the inbox.
SILENT_PER_SWEEP = 200
# A hub that could take nothing for so long, or stood still, calls nobody silent before devices had time to be heard.
SILENCE_DEAF_MS = 60_000
SILENCE_GRACE_MS = 120_000

# Links. While a service is away it is tried again after ever longer pauses.
LINK_BACKOFF_FIRST_MS = 500
LINK_BACKOFF_LONGEST_MS = 30 * 1000
# A service that could not tell of so many things in a row is taken for away while it is caught up with.
CATCH_UP_FAILURES = 3
# A service may forget who is to hear of changes, or sign otherwise: it is asked again in turn, and at the soonest after
# a webhook that was refused.
SUBSCRIBE_AGAIN_MS = 15 * 1000
SUBSCRIBE_SOONEST_MS = 1000
SMS_CALL_MS = 10 * 1000
SESSION_RECHECK_MS = 5 * 1000

# Doors. Wrong passwords that one address may offer within SIGN_IN_PAUSE, whatever the names; then it has to wait too.
SIGN_IN_FAILURES_PER_ADDRESS = 20
# Passwords being checked at once (64 MB each) and sign-ins waiting for that; one more gets 429.
SIGN_INS_AT_ONCE = 2
SIGN_INS_WAITING = 32
# Names and addresses whose failures are remembered; past this the one that failed longest ago is forgotten.
SIGN_IN_REMEMBERED = 10_000
# Browsers that one account may be signed in with at once; one more ends the session that ends soonest.
SESSIONS_PER_ACCOUNT = 64
# Sessions remembered between looks into the file.
SESSIONS_REMEMBERED = 10_000
# Characters of a password: a new one that is shorter or longer gets 400. Of a person's name and unit; more get 400.
PASSWORD_LEAST_CHARS = 8
PASSWORD_MOST_CHARS = 256
PERSON_CHARS = 64
# Changes of accounts that one answer holds, the newest; older ones stay in the database.
ACCOUNT_CHANGES = 500
# A wall only reads, masked, and nobody stands by to sign it in again.
WALL_SESSION_MS = 30 * 24 * 60 * 60 * 1000
# A body that has not come whole within this gets 408.
REQUEST_BODY_MS = 20_000

# A text that could not be sent for so long is recorded as failed: it would only mislead whoever gets it.
SMS_AGE_MS = 60 * 60 * 1000

# Facts read from the journal at once, by a hub that starts or takes in what other hubs wrote.
READ_FACTS = 10_000
# How often a batch is decided anew because others wrote meanwhile; past this its callers are asked to try again.
DECISIONS_PER_BATCH = 16

# Other hubs that a page is told of.
HUBS = 16

# PostgreSQL. Connections of one hub to one database; who waits longer than CONNECT for one of them, or is one more
# waiting than WAITING, is told that the database is away.
POSTGRES_CONNECTIONS = 8
POSTGRES_CONNECT_MS = 5000
POSTGRES_WAITING = 1000
# A command that takes longer has failed, as it has when the server hangs: at most CONNECT + COMMAND until that is said.
POSTGRES_COMMAND_MS = 10_000
# A hub that holds a transaction open and says nothing for so long (stopped, cut off) loses it, and its locks with it,
# before those who wait for them have waited too long.
POSTGRES_IDLE_MS = 5000
# Bringing a schema up to date may rewrite large tables.
POSTGRES_SCHEMA_MS = 10 * 60 * 1000

# Readings, kept by UTC day. A space of another form, or a text of a reading that is longer or holds what cannot be
# printed, gets 400; a day past these many gets 503: the data folder is not tended.
READINGS_SPACE_CHARS = 32
READINGS_TEXT_CHARS = 128
READINGS_DAYS = 4000
# By a clock that is ahead at most this part of what is kept is forgotten at once, and then, for as long as it stays so,
# so many hours' worth for each hour that a hub runs: 9 days and 4 a day of 180. A machine that was off for longer than
# that part catches up as fast.
READINGS_LEAP_PART = 20
READINGS_PACE = 4
# Cameras that one search may name, and devices; more get 400.
READINGS_CAMERAS = 5000
READINGS_DEVICES = 20_000
# An area with more corners, or over more cells of 0.02 degrees, gets 400; one that holds more fixes in the time, 413.
READINGS_AREA_CORNERS = 1000
READINGS_AREA_CELLS = 4096
READINGS_AREA_FIXES = 200_000
# Day files kept open, and the memory for pages of each; past it the one unused longest is closed. Many are read at
# once, few written, but their indexes are changed all over.
READINGS_FILES_READ = 32
READINGS_FILE_READ_KIB = 4 * 1024
READINGS_FILES_WRITTEN = 4
READINGS_FILE_WRITTEN_KIB = 48 * 1024
# A pattern that fits no more plates of a day than this is looked up by plate, else the day is gone through by time.
READINGS_LOOKED_UP = 2000

# What is over leaves the tables after a time (`Limits.keep_closed_h`), earlier where a table has more rows than this:
# those over for longest go first. What is not over stays.
KEPT_ROWS = {
    "situations": 20_000, "calls": 20_000, "messages": 50_000, "approvals": 10_000, "watches": 10_000,
    "libraries": 500, "violations": 40_000,
}  # fmt: skip
# One more open situation, waiting approval or watch than this gets 429. A call is never refused, nor an SOS.
OPEN_SITUATIONS = 5000
OPEN_APPROVALS = 5000
OPEN_WATCHES = 5000
# Things that leave at one sweep; where more are due the next one comes after the pause, so that others are served
# between. Otherwise sweeps are this far apart. One that comes late finds a hub that was away: links are told first.
SWEPT_AT_ONCE = 500
SWEEP_PAUSE_MS = 1000
SWEEP_EVERY_MS = 15 * 60 * 1000
SWEEP_LATE_MS = 60 * 1000

# A snapshot of the tables is taken after so many facts, so that a start folds no more than these; kept are the newest.
SNAPSHOT_FACTS = 20_000
SNAPSHOTS_KEPT = 2
SNAPSHOT_RETRY_MS = 60_000

# Backups. Records are sealed in chunks of about this many bytes; a longer one than the other holds no record of ours:
# the longest is the file of a list (LIBRARIES_BYTES).
BACKUP_CHUNK_BYTES = 1024 * 1024
BACKUP_CHUNK_MOST_BYTES = 128 * 1024 * 1024
BACKUP_HEADER_BYTES = 4096
# Facts and rows read at once from a store that others are using.
BACKUP_READ_FACTS = 2000
BACKUP_READ_ROWS = 100

# Signed heads, and the places outside that keep them. What is new is signed at the latest after EVERY; a backlog
# (a first start with this release) in turns of AT_ONCE blocks, so that others are served between.
HEAD_EVERY_MS = 60_000
HEAD_LOOK_MS = 2000
HEADS_AT_ONCE = 50
# A place that takes longer is away; so many heads wait for it in memory, older ones in the journal. Those are read and
# brought by the page, with a pause after each, so that a place with years to catch up with takes nothing from requests.
ANCHOR_CALL_MS = 5000
ANCHORS_WAITING = 1000
ANCHOR_PAGE_HEADS = 20
ANCHOR_PAUSE_MS = 20
# Of what a place has, the end is looked at: some 150 lines, so that torn ones and others' do not matter.
ANCHOR_TAIL_BYTES = 64 * 1024
ANCHOR_BACKOFF_FIRST_MS = 1000
ANCHOR_BACKOFF_LONGEST_MS = 60 * 1000
# `triune verify` gives up on a store that fails at so many facts in a row.
VERIFY_FAILURES = 100

# Several hubs. What one tells the others is joined for a tick; it says something at least each beat, and one that does
# not hear even itself for LOST has lost the bus. The newest fixes of so many devices wait for a tick.
BUS_TICK_MS = 20
BUS_BEAT_MS = 1000
BUS_LOST_MS = 4000
BUS_FIXES_WAITING = 20_000
BUS_BACKOFF_FIRST_MS = 250
BUS_BACKOFF_LONGEST_MS = 5000
# A lease is renewed so often, and taken over by another hub once it was not renewed for so long.
LEASE_RENEW_MS = 2000
LEASE_MS = 8000

# A backup that the hub makes by itself and that came to nothing is tried again after this.
BACKUP_RETRY_MS = 15 * 60 * 1000
# One that is dated further ahead of the clock counts as no new one, and is named; whether it is still there is looked
# at so often.
BACKUP_AHEAD_MS = 10 * 60 * 1000
BACKUP_AHEAD_LOOK_MS = 15 * 60 * 1000
# A hub that stops waits so long for the process of a backup to be gone; one that a disk holds up then ends without it.
BACKUP_KILL_MS = 5000
# A folder of backups that does not answer for so long, as where its share is gone, makes the backup come to nothing.
# Looking through it takes a read for each MiB of the newest one.
BACKUP_FOLDER_MS = 30 * 60 * 1000
# Another hub may keep a backup from beginning for so long while it removes what is left of former ones.
BACKUP_LOCK_MS = 60 * 1000
BACKUP_LOCK_LOOK_MS = 100

# Cameras that desks may send to the wall; past them the one sent longest ago leaves it.
WALL_CAMERAS = 16

# Passages of vehicles that consoles are shown, the newest of all cameras; what is told of later than this is in the
# readings, and no news. Those that wait for the bus; more are found in the readings.
PASSAGES_SHOWN = 300
PASSAGES_FRESH_MS = 10 * 60 * 1000
BUS_PASSAGES_WAITING = 1000

# Violations. Interval sections, restrictions and cameras with regions in force; one more gets 429. Versions of each
# that are kept in the tables, so that a passage heard of late is judged by what held then.
VIOLATION_RULES = 1000
VIOLATION_RULE_VERSIONS = 8
# Violations whose review is not finished; past them nothing is found, and that is counted and said.
OPEN_VIOLATIONS = 20_000
# The same plate by the same rule again within this is the same violation, except twice through a section.
VIOLATION_AGAIN_MS = 30 * 60 * 1000
# Who looks at one and decides nothing for so long no longer keeps it from others.
VIOLATION_CLAIM_MS = 10 * 60 * 1000
# A decision can be taken back by who made it for so long; the case service is told after that, whatever hub looks.
VIOLATION_TAKE_BACK_MS = 10 * 1000
VIOLATION_SEND_AFTER_MS = 12 * 1000

# The watch list. Entries that are asked for, or approved, at once; and what the area of one entry may name.
WATCHES_AT_ONCE = 2000
WATCH_AREA_CAMERAS = 500
WATCH_AREA_CORNERS = 200
# Plates that an entry no longer fires for, since somebody said that they only look like it; the newest are kept.
WATCH_NOT_PLATES = 50
# Of a hit: cameras that the car will pass next, how far along the roads they are looked for, and free units near it.
CAMERAS_AHEAD = 5
CAMERAS_AHEAD_M = 30_000
HIT_UNITS = 3
# Beside those, units that would be there sooner than the soonest free one but are on an order or off duty.
HIT_UNITS_TAKEN = 2
# A hit that nobody said anything of stands once so many minutes of the clock are over: the entry was right then. Until
# then it is not judged.
HIT_STANDS_MINUTES = 10
# From so many judged hits on an entry says the share that was none.
HITS_JUDGED_SAID = 3
# An entry is doubtful, and whoever asked for it is told: so many hits in a row were none; or this share of all judged
# ones was, from so many on. Own defaults.
HITS_WRONG_IN_A_ROW = 3
HITS_WRONG_SHARE = 0.5
HITS_WRONG_OF = 5
# The newest hits of an entry that are remembered with what was said of them: no longer row of wrong ones is told.
HITS_REMEMBERED = 8
# A road net: a larger file is refused at the start.
ROADS_BYTES = 64 * 1024 * 1024

# Several hubs: how often each looks at what is at it, for the others to know, and how much of that it writes at once.
PLACES_LOOK_MS = 500
PLACES_WRITTEN = 200
# A hub says so often that it is here. Not heard of for AWAY it is taken for dead, and whoever asks all hubs does not
# ask it; after GONE it is taken out for good, and takes its place again whenever it returns.
HUB_BEAT_MS = 2000
HUB_AWAY_MS = 8000
HUB_GONE_MS = 7 * 24 * 60 * 60 * 1000
# Hubs taken out of which it is shown who did that and why, the newest; the record has all.
HUBS_TAKEN_OUT = 50

# Queries of sightings that one person may make in an hour, from a desk and in the field; one more gets 429. Those in
# the field reach so far back. The newest are kept in the tables, for who looks after them; an answer has so many pages.
# For so long after a query its asker is shown pictures of passages; later the question is to be asked again.
QUERIES_AN_HOUR = 60
TERMINAL_QUERIES_AN_HOUR = 20
TERMINAL_QUERY_MS = 24 * 60 * 60 * 1000
QUERIES_KEPT = 10_000
QUERY_PAGES = 50
QUERY_PICTURES_MS = 24 * 60 * 60 * 1000
# Passages that one question about many counts, and plates that one is about; more get 413 and 400.
READINGS_PASSES = 500_000
READINGS_PLATES = 50_000

# What is told of one car: passages of its way; a longer time between two is a gap. Of companions: passages of the car,
# passages near it that are looked at, and plates that fit and are weighed; more of any get 413: narrow the question.
TRACK_STOPS = 1000
TRACK_GAP_MS = 30 * 60_000
COMPANION_STOPS = 500
COMPANION_PASSES = 100_000
COMPANION_PLATES = 200
# Cars that are here for the first time or often: passages that are gone through; more get 413.
FIRST_TIME_PASSES = 50_000
FREQUENT_PASSES = 300_000

# What is told of the way of a patrol (轨迹回放): fixes that are gone through for one answer, and devices of one unit;
# more get 413: ask for less time, or for one device. Fixes of one answer: those kept tell where it was to within THIN
# wherever there is room for that, and the answer says how far off the others may lie. A place is a stop when it is
# stayed at for so long; a gap is what the space's `silent_s` says.
PATROL_FIXES_READ = 50_000
PATROL_DEVICES = 16
PATROL_FIXES = 4000
PATROL_THIN_M = 5.0
PATROL_STOP_MS = 3 * 60_000
# Whose a device was: the newest that are remembered. Who held it before the oldest of them is not known.
DEVICE_HOLDERS = 50
# Corners of a circle in which is looked who was there (谁在现场), and its largest radius (m).
CIRCLE_CORNERS = 72
CIRCLE_RADIUS_M = 50_000

# Pictures of forgotten passages: so many names are held against the facts at once, of which so many are read at once (a
# hub at work is held up for no longer than that takes), and so many removed at once.
BLOBS_SWEPT = 300_000
SWEPT_FACTS = 200
BLOBS_REMOVED = 1000

# Cameras whose recording is set by one request.
RECORD_GROUP = 500

# Lists of the watch list (库), each one row with a file of entries. Open ones, entries and patterns over all of them,
# and bytes of their files, which every hub and agent keeps in memory; one more is refused.
OPEN_LIBRARIES = 50
LIBRARY_ENTRIES = 1_000_000
LIBRARY_PATTERNS = 10_000
LIBRARIES_BYTES = 96 * 1024 * 1024
# Lines of one list of whose hits some were none; past them the one marked longest ago is forgotten, unless it was set
# aside: then one more is refused.
LIBRARY_MARKS = 200
# A remark of a line is cut at so many characters.
LIBRARY_NOTE_CHARS = 60

# Ways along the road net that a car may have taken: junctions that one is searched through, and all of one
# answer; past that a leg is told by its straight line. Ways remembered, and points of all those told in one answer.
WAY_STEPS = 20_000
TRACK_STEPS = 60_000
WAYS_KEPT = 2000
TRACK_POINTS = 50_000
# Plates that two cars may wear: passages that are gone through, more get 413; plates told.
CLONE_PASSES = 300_000
CLONES = 100
