"""Every named limit in one place. What happens at each is said beside it and tested."""

from __future__ import annotations

# The sequencer. A full inbox answers 429 at once: the caller can try again, nothing is half done.
INBOX_REQUESTS = 4096
BATCH_REQUESTS = 256
# An idempotency key that is longer, or holds what cannot be printed, gets 400.
REQUEST_KEY_CHARS = 300
# Deadlines that were moved or dropped and still stand in the heap; past this it is built anew.
HUB_RETRY_MS = 1000
"""How long the hub waits before it looks for a lost journal again, or asks for a deadline that could not be met."""
MOVED_DEADLINES = 1000

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

# Positions. A fix from further in the future than this is refused and counted: the device's clock is wrong.
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

# Plans and scenarios. A larger, deeper or longer file is refused with the line where it went too far.
PLAN_FILE_BYTES = 256 * 1024
PLAN_NESTING = 16
PLAN_TASKS = 300
# Past this many problems the rest are left out: the author mends these first.
PLAN_PROBLEMS = 100
SCENARIO_EVENTS = 2000
SCENARIO_DURATION_MS = 24 * 60 * 60 * 1000
SCENARIO_HAPPENINGS = 200_000

# Cameras. A connection that brings no first packet, or no packet for FROZEN, counts as down and is tried again.
CAMERA_OPEN_MS = 5000
CAMERA_FROZEN_MS = 3000
CAMERA_RETRY_FIRST_MS = 1000
CAMERA_RETRY_LONGEST_MS = 30_000
# A stream that held this long starts its next retries from the first delay again.
CAMERA_STEADY_MS = 10_000
# Sources being opened at once, so that many that fail together do not all probe together; the others wait their turn.
CAMERA_CONNECTS = 16
# Frames held for one reader that is slow; past it the reader goes on at the next key frame.
CAMERA_QUEUE_FRAMES = 64
# A larger access unit is not a picture (a 4K key frame is about 1 MB); the connection is dropped.
CAMERA_FRAME_BYTES = 8 * 1024 * 1024

# Live pictures. One viewer more gets 429; an offer larger or with more lines or candidates gets 400.
RELAY_VIEWERS = 256
RELAY_VIEWERS_PER_CAMERA = 64
SDP_BYTES = 64 * 1024
SDP_LINES = 2000
SDP_CANDIDATES = 32
ICE_GATHER_MS = 3000
# A viewer that has not connected, or has sent no receiver report for pictures sent to it, is let go.
RELAY_CONNECT_MS = 15_000
RELAY_SILENCE_MS = 10_000
# Packets kept for a viewer that asks for lost ones again (about a second of 720p).
RELAY_RESEND_PACKETS = 512

# The simulated RTSP cameras.
RTSP_CONNECTIONS = 256
RTSP_REQUEST_BYTES = 16 * 1024
# A player that leaves more than this unread skips to the next key frame.
RTSP_UNREAD_BYTES = 2 * 1024 * 1024

# Plates. A picture past these is refused before it is decoded.
PICTURE_BYTES = 32 * 1024 * 1024
PICTURE_SIDE_PX = 8192
# Characters of a watch pattern; a longer one is refused.
PATTERN_CHARS = 16
# Frames waiting for a plate reader, 6 MB each: one a camera, this many cameras; past it the newcomer is refused.
READER_CAMERAS = 256
READERS = 64
# A reader that takes longer with one frame is replaced and the frame reported failed.
READER_FRAME_MS = 15_000
READER_START_MS = 60_000
# Vehicles followed at once before one camera; past it the one unseen longest is finished.
PASSAGES_OPEN = 64

# JT/T 808 terminals. A connection that has not authenticated in time, or then says nothing for so long, is closed.
DEVICE_SIGN_IN_MS = 60_000
DEVICE_SILENCE_MS = 5 * 60_000
# Bad frames in a row, or wrong codes, after which a connection is closed.
DEVICE_BAD_FRAMES = 64
DEVICE_WRONG_CODES = 20
# Split messages half received, per connection; the oldest is given up. Parts missing for so long are asked for once,
# then given up.
DEVICE_SPLIT_MESSAGES = 4
DEVICE_SPLIT_WAIT_MS = 10_000
# A fix that comes later than this is of a broken clock, not of a long tunnel: acknowledged, counted, not stored.
DEVICE_FIX_AGE_MS = 90 * 24 * 3600 * 1000
# Texts on their way to one terminal; a further one is refused. Unanswered for so long, a text counts as not delivered.
DEVICE_TEXTS_WAITING = 16
DEVICE_TEXT_ANSWER_MS = 15_000
# Trackers over HTTP whose rate is remembered; past this the one quiet for longest is forgotten.
TRACKERS_REMEMBERED = 10_000

# Sign-in. After this many wrong passwords a name has to wait.
SIGN_IN_FAILURES = 5
SIGN_IN_PAUSE_MS = 60 * 1000
SESSION_MS = 12 * 60 * 60 * 1000
# A console that said nothing and took nothing off its socket for this long is cut off; it comes back and resumes.
CONSOLE_SILENT_MS = 22_500
CONSOLE_MESSAGE_BYTES = 64 * 1024

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
SILENCE_SWEEP_MS = 5000
# Units reported silent at one sweep; the others wait for the next, so that a dead network does not fill the inbox.
SILENT_PER_SWEEP = 200

# Links. While a service is away it is tried again after ever longer pauses.
LINK_BACKOFF_FIRST_MS = 500
LINK_BACKOFF_LONGEST_MS = 30 * 1000
SMS_CALL_MS = 10 * 1000
SESSION_RECHECK_MS = 5 * 1000

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
# Scenario files of a folder; the others are not read.
SCENARIO_FILES = 200

# Replay. Folds of the past that run at once, each in a thread; one more waits, and past this many waiting gets 429.
REPLAYS = 2
REPLAYS_WAITING = 16
REPLAY_FACTS_READ = 5000
# Past situations in one answer; whoever wants more asks for a shorter time.
PAST_SITUATIONS = 500
# Facts of one situation's time line in one answer.
TIMELINE_FACTS = 20_000

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
# A wall only reads, masked, and nobody stands by to sign it in again.
WALL_SESSION_MS = 30 * 24 * 60 * 60 * 1000
# Requests of one person or device; further ones get 429. Who asks is remembered for the newest.
REQUESTS_PER_S = 200
ASKERS_REMEMBERED = 10_000
# A body that has not come whole within this gets 408.
REQUEST_BODY_MS = 20_000
EVIDENCE_BODY_MS = 5 * 60 * 1000
# Files on their way in or out at once, each whole in memory; one more gets 429.
EVIDENCE_TRANSFERS = 16
SIGN_IN_BODY_BYTES = 4096
# Messages of one console; further ones wait in its socket.
CONSOLE_MESSAGES_PER_S = 20
# A console is pinged after so much silence, and asked for its session again so often.
CONSOLE_PING_MS = 15_000
CONSOLE_RECHECK_MS = 10_000
# Consoles that subscribe within this of one another are sent the same bytes where nothing changed meanwhile.
SNAPSHOT_SHARED_MS = 200

# A text that could not be sent for so long is recorded as failed: it would only mislead whoever gets it.
SMS_AGE_MS = 60 * 60 * 1000

# Facts read from the journal at once, by a hub that starts or takes in what other hubs wrote.
READ_FACTS = 10_000
# How often a batch is decided anew because others wrote meanwhile; past this its callers are asked to try again.
DECISIONS_PER_BATCH = 16

# Doors of HTTP. A connection past these is told 503 or 429 and closed; the total leaves room in 8192 open files.
# This machine's own addresses speak for everybody behind the TLS proxy: for them only the total counts.
HTTP_CONNECTIONS = 6000
OPEN_FILES = 8192
HTTP_CONNECTIONS_PER_ADDRESS = 512
HTTP_BACKLOG = 1024
# A connection whose first request has no end of its head by then is closed; so is one that asks nothing for so long.
HTTP_HEAD_MS = 10_000
HTTP_IDLE_MS = 75_000
# A console that comes from a hub that knew more waits so long for this one to know it too; then it is sent elsewhere.
CONSOLE_CATCH_UP_MS = 5000
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
    "violations": 40_000,
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

# Backups. Records are sealed in chunks of about this many bytes; a longer one than the other holds no record of ours.
BACKUP_CHUNK_BYTES = 1024 * 1024
BACKUP_CHUNK_MOST_BYTES = 64 * 1024 * 1024
BACKUP_HEADER_BYTES = 4096
# Facts and rows read at once from a store that others are using.
BACKUP_READ_FACTS = 2000
BACKUP_READ_ROWS = 100

# Signed heads, and the places outside that keep them. What is new is signed at the latest after EVERY; a backlog
# (a first start with this release) in turns of AT_ONCE blocks, so that others are served between.
HEAD_EVERY_MS = 5 * 60 * 1000
HEAD_LOOK_MS = 2000
HEADS_AT_ONCE = 50
# A place that takes longer is away; heads wait for it, and past these the oldest is given up: later ones cover it.
ANCHOR_CALL_MS = 5000
ANCHORS_WAITING = 1000
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
# Each hub looks into the journal and the readings by itself: often while there is no bus, else for lost messages.
FOLLOW_ALONE_MS = 300
FOLLOW_MS = 2000
# A lease is renewed so often, and taken over by another hub once it was not renewed for so long.
LEASE_RENEW_MS = 2000
LEASE_MS = 8000

# Simulations. More of any of them is refused; one run is bounded by these, and a step that never ends by its own limit.
SIMULATED_HOURS = 48
SIMULATED_HUBS = 5
SIMULATED_SEEDS = 10_000
# A backup that the hub makes by itself and that came to nothing is tried again after this.
BACKUP_RETRY_MS = 15 * 60 * 1000

# Moving cameras. A move that is not renewed in time is stopped by the hub; who moved a camera holds it a while longer.
PTZ_DEAD_MAN_MS = 1000
PTZ_HOLD_MS = 10_000
# How often the dead man's hand is looked at; a stop that the camera did not take is said again so often.
PTZ_LOOK_MS = 100
# A camera that takes longer to answer a command has not taken it.
PTZ_CALL_MS = 3000
# Cameras held at once; one more gets 429.
PTZ_HELD = 256
PTZ_PRESETS = 256

# ONVIF. An answer that comes later, is larger, or nests deeper counts as none; devices and profiles past these are
# left out.
ONVIF_CALL_MS = 5000
ONVIF_ANSWER_BYTES = 1024 * 1024
ONVIF_PROFILES = 64
ONVIF_FOUND = 1024
# How long answers to one probe are waited for, and datagrams looked at meanwhile; further ones are dropped.
ONVIF_PROBE_MS = 2000
ONVIF_PROBE_DATAGRAMS = 8192
# Interfaces that a probe goes out by.
ONVIF_INTERFACES = 32
# Events: how long a camera may hold an answer until something happens, how often it is asked at most, how many it may
# put in one answer, and how long a subscription stands that is not renewed. A camera whose events cannot be had is
# asked again after so long, and one that refuses us after REFUSED.
ONVIF_PULL_MS = 20_000
ONVIF_PULL_EVERY_MS = 500
ONVIF_PULL_EVENTS = 64
ONVIF_SUBSCRIPTION_MS = 60_000
ONVIF_EVENTS_RETRY_MS = 30_000
ONVIF_EVENTS_REFUSED_MS = 5 * 60 * 1000
# XML of devices. A document with more elements, or deeper, is refused.
XML_ELEMENTS = 20_000
XML_DEPTH = 64

# Adopting cameras. Addresses tried at once; one more gets 429. One that takes longer is told how far it came.
ADOPTION_TRIES = 4
ADOPTION_TRY_MS = 20_000
ADOPTION_BODY_BYTES = 16 * 1024

# SIP. A message larger, with a longer head or more header lines or parameters is refused and counted.
SIP_MESSAGE_BYTES = 64 * 1024
SIP_HEAD_BYTES = 16 * 1024
SIP_HEADERS = 128
SIP_PARAMETERS = 64
# Requests from one address; further ones are dropped unread, and whoever sent them repeats them (UDP). Addresses
# whose rate is remembered; past this the one quiet for longest is forgotten.
SIP_MESSAGES_PER_S = 500
SIP_ADDRESSES = 10_000
# RFC 3261, 17: first and longest pause before a request is sent again, and when it has failed.
SIP_T1_MS = 500
SIP_T2_MS = 4000
SIP_TIMEOUT_MS = 64 * SIP_T1_MS
SIP_TICK_MS = 100
# Requests of ours that wait for their answer; one more is refused. Requests of others whose handling takes time;
# one more is answered 503. Answers kept for requests that come again; past this the oldest is forgotten.
SIP_ASKED = 4096
SIP_HANDLED = 1024
SIP_ANSWERED = 10_000
# Connections over TCP; one more is closed at once. So is one that got no agreeing answer by then, that says nothing
# for so long, or that leaves so much untaken.
SIP_CONNECTIONS = 2000
SIP_SIGN_IN_MS = 60_000
SIP_SILENCE_MS = 10 * 60 * 1000
SIP_UNSENT_BYTES = 256 * 1024

# GB/T 28181. Devices that may be registered at once, and items of one device's catalogue; past these the rest is
# refused and counted. XML deeper or with more elements is refused.
GB28181_DEVICES = 5000
GB28181_CATALOGUE_ITEMS = 10_000
GB28181_XML_DEPTH = 16
GB28181_XML_ELEMENTS = 20_000
GB28181_TEXT_CHARS = 256
# Recordings in one answer; whoever wants more asks for a shorter time.
GB28181_RECORDINGS = 5000
# A challenge is good for so long. A registration lasts at most and at least so long, whatever the device asks.
GB28181_NONCE_MS = 60_000
GB28181_REGISTERED_MOST_S = 86_400
GB28181_REGISTERED_LEAST_S = 60
# A device not heard of for this many beats is offline (GB/T 28181, 9.6).
GB28181_BEAT_MS = 60_000
GB28181_BEATS_MISSED = 3
# An answer in several messages of which no further part comes for so long is asked for again, so many times.
GB28181_PART_MS = 5000
GB28181_ASKED_AGAIN = 2
# A device that has not answered an INVITE by then is given up.
GB28181_INVITE_MS = 10_000
# The same alarm of a channel within this is one alarm; alarms remembered for that, past which the oldest is forgotten.
GB28181_ALARM_GAP_MS = 60_000
GB28181_ALARMS_REMEMBERED = 10_000
# Devices asked for what they are and have at once, when many register together; the others wait.
GB28181_ASKED_AT_ONCE = 16
# Subscriptions last so long and are renewed before; a place is asked for so often.
GB28181_SUBSCRIBED_S = 3600
GB28181_PLACE_S = 5
# Streams that may be agreed at once: the serial of an SSRC has four digits.
GB28181_STREAMS = 9999

# Camera lifecycles. Pictures that come and that nobody can begin with count as none after this; encoders that save
# send key frames as rarely as every ten seconds.
CAMERA_KEY_MS = 15_000
# A camera that nobody needs is let go after so long, and from then on only looked at so often; one that is down too.
CAMERA_LINGER_MS = 10_000
CAMERA_PROBE_MS = 5 * 60_000
# Such looks at once: they never keep a camera waiting that somebody wants to see.
CAMERA_PROBES = 8
# Whoever asks for a picture of a camera that is not being pulled gets one within this, or is told why not.
CAMERA_PICTURE_MS = 8000
# A source has so long to say good-bye. How often a key frame is decoded, to see that what comes is pictures.
CAMERA_CLOSE_MS = 5000
CAMERA_EXAMINE_MS = 60_000
# Cameras whose newest frame's age stands in /metrics; of further ones only the states are counted.
CAMERAS_MEASURED = 200
# Ways to cameras being gone hop by hop at once; one more gets 429. What a camera may answer on the way.
CAMERA_DIAGNOSES = 4
RTSP_ANSWER_BYTES = 64 * 1024

# Cameras over RTP. A missing packet is waited for until so many later ones have come, or the first of them is so old;
# then the picture it belonged to is given up, and all to the next key frame. A sequence number further off than JUMP
# is a stray, or two in a row a restarted sender.
RTP_REORDER_PACKETS = 128
RTP_REORDER_MS = 150
RTP_JUMP_PACKETS = 3000
# A stream that nobody agreed on is taken after so many packets in a row, where the present one is silent for so long.
RTP_PROBATION_PACKETS = 16
RTP_SSRC_SILENT_MS = 1000
# Frames of a TCP stream in a row that hold no RTP; then the connection is closed.
RTP_BAD_FRAMES = 64
# NAL units of one access unit; past it the picture is given up.
ACCESS_UNIT_NALS = 1024
# More pictures than this are none (a playback at eight times its speed has 240); the connection is dropped.
CAMERA_PICTURES_PER_S = 500
# Packets come, but no key frame: counts as down after this (cameras with long groups of pictures send one each 10 s).
MEDIA_KEY_MS = 12_000
# What the kernel keeps of a key frame's burst until it is read.
MEDIA_SOCKET_BYTES = 2 * 1024 * 1024

# Edge agents. One connected more than this gets 429; cameras past these are not told to it, and that is logged.
AGENTS = 64
AGENT_CAMERAS = 256
# A larger message ends the connection; what a hub tells of cameras and watches may be larger than what an agent says.
AGENT_MESSAGE_BYTES = 256 * 1024
AGENT_CONFIG_BYTES = 4 * 1024 * 1024
AGENT_ITEMS_PER_MESSAGE = 256
# The body of one item, and the picture with it: larger ones are refused where they would be stored.
AGENT_ITEM_BYTES = 16 * 1024
AGENT_PICTURE_BYTES = 4 * 1024 * 1024
AGENT_PIECE_BYTES = 64 * 1024
# A connection that says no hello by then is closed; so is one that answers no ping for so long.
AGENT_HELLO_MS = 10_000
AGENT_PING_MS = 5000
AGENT_SILENT_MS = 20_000
# A question that an agent passes on for a device, unanswered for so long, counts as the hub being away.
AGENT_ASK_MS = 5000
AGENT_ASKS = 256
# The hub says on every screen that an agent is away only after this, so that a cut link is no alarm.
AGENT_AWAY_MS = 30_000
AGENT_STATE_MS = 2000
AGENT_RETRY_FIRST_MS = 250
AGENT_RETRY_LONGEST_MS = 15_000
# What the hub could not take just now is sent again after this.
AGENT_LATER_MS = 500
# Bytes sent and not yet answered: as few as a thin link carries in a second or two, so that an alarm does not wait
# behind them.
AGENT_WINDOW_LEAST_BYTES = 4 * 1024
# What is told waits so long behind what was told before it, on the link and for the hub's disk.
AGENT_WAIT_MS = 1000
AGENT_WINDOW_MOST_BYTES = 512 * 1024
# What an agent keeps until the hub has it. Past either the least important are shed, oldest first, and counted.
OUTBOX_ITEMS = 500_000
OUTBOX_BYTES = 2 * 1024 * 1024 * 1024
# Items waiting for the one commit before theirs; past it whoever brings more is told that the outbox is away.
OUTBOX_WAITING = 20_000

# Relay. A viewer that lost its picture is shown the kept key frame while that is so fresh, and so often at most; a
# camera that can be asked for a key frame is asked no more often.
RELAY_STILL_FRESH_MS = 2000
RELAY_PICTURE_AGAIN_MS = 500
# Whether a viewer still may see the camera is looked at so often; one that may not is let go.
RELAY_RECHECK_MS = 10_000
# Viewers by websocket, all and of one camera; one more gets 429. One that reads slowly goes on at the newest key frame,
# one that leaves a message unread for so long, or says more than this at once, is let go.
MSE_VIEWERS = 256
MSE_VIEWERS_PER_CAMERA = 64
MSE_UNREAD_MS = 10_000
MSE_SAID_BYTES = 4096
# Cameras that publish by WHIP; one more gets 429. A picture of more packets is left out. What each may send, which
# browsers come up to within seconds; and how often one is asked for a key frame at most.
WHIP_PUBLISHERS = 64
WHIP_PICTURE_PACKETS = 8192
WHIP_BITS_PER_S = 4_000_000
WHIP_KEY_AGAIN_MS = 500
# How often a sender is told what arrived.
WHIP_REPORT_MS = 500
# An external media server's answer to an offer: larger, or later, counts as the server being away.
WHEP_CALL_MS = 8000
# Viewing sessions there that the hub can end; past them the oldest is left for the server to find out.
ELSEWHERE_SESSIONS = 1024

# Recordings. What arrived is written once a FLUSH, so a kill loses no more; a segment is cut at the first key frame
# after SEGMENT, and where no key frame comes until it is so large or long, the rest is given up until one does.
RECORD_FLUSH_MS = 1000
RECORD_SEGMENT_MS = 10_000
RECORD_SEGMENT_BYTES = 256 * 1024 * 1024
RECORD_SEGMENT_LONGEST_MS = 10 * 60 * 1000
# Pictures of one camera that wait for a slow disk; past these all of them are lost, told and counted.
RECORD_QUEUE_FRAMES = 500
# Memory for what came before an event; past it the oldest goes.
RECORD_RING_BYTES = 64 * 1024 * 1024
# A hole in the pictures longer than this is a gap, and shorter ones are none.
RECORD_GAP_MS = 2000
# A camera's clock is followed by so much per segment; where the hub's differs by more than a step, it was set.
RECORD_SLEW_MS = 20
RECORD_CLOCK_STEP_MS = 3000
# Room is looked after so often; what is too old goes so many segments of a camera at a time, four times as fast as it
# came, so that a clock that is wrong for an hour cannot empty the disk.
RECORD_TIDY_MS = 10_000
RECORD_EXPIRED_AT_ONCE = 4
RECORD_DELETED_AT_ONCE = 64
# Room that is always left for the index.
RECORD_INDEX_BYTES = 4 * 1024 * 1024
# An alarm tells when locked recordings take more of the room than this.
RECORD_LOCKED_PART = 0.8
# Writing that fails for so long is an alarm; it is tried again at every flush.
RECORD_FAILING_MS = 5000
# One list of recordings, one clip, and the locks that there may be.
RECORD_LISTED = 2000
RECORD_LISTED_MS = 32 * 24 * 60 * 60 * 1000
RECORD_CLIP_MS = 4 * 60 * 60 * 1000
RECORD_CLIPS_AT_ONCE = 2
RECORD_LOCKS = 10_000
# An event is one of a camera when it is so near.
RECORD_EVENT_M = 150

# Cameras that desks may send to the wall; past them the one sent longest ago leaves it.
WALL_CAMERAS = 16
# A camera is asked for a key frame at most so often, for all who wait for one, and has so long to agree.
CAMERA_ASK_KEY_MS = 1000
CAMERA_ASK_KEY_CALL_MS = 5000

# Errands: what a hub asks of an edge agent, which answers over a connection of its own. One more of an agent gets 429;
# one that the agent does not come for in time is given up. An answer goes in pieces, of which only so much is
# unanswered (within AGENT_WINDOW) that what goes beside it waits about WAIT behind it, judged by the quickest answer of
# BASE. A message that is larger, or more that the hub says at once, ends the errand.
AGENT_ERRANDS = 64
ERRAND_ANSWER_MS = 5000
ERRAND_WAIT_MS = 300
ERRAND_BASE_MS = 60_000
ERRAND_PIECE_BYTES = 16 * 1024
ERRAND_LEAST_PIECE_BYTES = 1024
ERRAND_MESSAGE_BYTES = CAMERA_FRAME_BYTES + 64 * 1024
ERRAND_SAID_BYTES = 16 * 1024
ERRAND_SAID = 16
# Live pictures of an agent's camera: so many wait for a thin link and as many are in hand; past it all of them are
# dropped, up to the next key frame. How often the camera is looked at while none come.
AGENT_LIVE_FRAMES = 25
AGENT_LIVE_LOOK_MS = 250

# What GB/T 28181 devices recorded themselves. Playbacks at once, all and of one device (recorders carry few); one more
# gets 429. Lists asked for at once; one that is held for longer than this is ended, so that it is not forgotten.
GB28181_PLAYBACKS = 16
GB28181_PLAYBACKS_PER_DEVICE = 4
GB28181_LISTS = 8
GB28181_HELD_MS = 5 * 60 * 1000
# A playback is asked for up to so long at once; files of a recorder nearer than a seam are one recording.
GB28181_PLAYBACK_MS = 24 * 60 * 60 * 1000
GB28181_SEAM_MS = 2000
# How a playback's time stamps go at another speed is judged after so long; a leap beyond these is none of the
# recording.
GB28181_STAMPS_MS = 400
GB28181_STAMPS_BACK_MS = 500
GB28181_STAMPS_ON_MS = 10_000
# Registrations that changed are written so often, new ones at once.
GB28181_KEEP_MS = 2000

# A disk of recordings that answers nothing for so long does not answer: an alarm, and who asks is told at once.
RECORD_HUNG_MS = 5000
# Files of recordings that are read at once, each by a thread of its own, so that a disk that hangs takes no others.
RECORD_READS = 32
# A piece of a gap this short belongs to the reason beside it: pictures are dated by the stream, reasons by the hub.
RECORD_SEAM_MS = 6000
# Reasons of gaps that are kept, the newest; and those that wait for a disk that does not take them.
RECORD_WHYS = 200_000
RECORD_TURNS = 10_000
# One page of exported clips.
RECORD_CLIPS_LISTED = 100
# The present rate of a recording is that of so long.
RECORD_RATE_MS = 60 * 60 * 1000
# A clip is handed out and copied in pieces of so much.
RECORD_PIECE_BYTES = 1024 * 1024

# An edge agent that is asked about its recordings, and of which nothing comes for so long, counts as away.
AGENT_RECORDINGS_MS = 15_000
# Events near cameras at agents that wait to be told to them; past them they are not recorded, and that is logged.
AGENT_EVENTS = 256

# Passages of vehicles that consoles are shown, the newest of all cameras; what is told of later than this is in the
# readings, and no news. Those that wait for the bus; more are found in the readings.
PASSAGES_SHOWN = 300
PASSAGES_FRESH_MS = 10 * 60 * 1000
BUS_PASSAGES_WAITING = 1000
# Sessions of which a hub remembers that it is on record that they see passages; of others it asks the record again.
SESSIONS_WATCHING = 2000

# How well each camera's plates are read, by the hour: written so often, judged so often, kept for so long. An hour is
# compared with the same one of so many days; the same notice is not raised anew before it was over.
QUALITY_KEEP_MS = 60 * 1000
QUALITY_JUDGE_MS = 5 * 60 * 1000
QUALITY_KEPT_DAYS = 15
QUALITY_DAYS_LEAST = 3
# Judged once a camera was watched for so long of this hour, with the hour before where it was not; and only where so
# many passages are to be expected, or so many plates were found.
QUALITY_WATCHED_MS = 30 * 60 * 1000
QUALITY_LEAST_EXPECTED = 20
QUALITY_LEAST_FOUND = 50
# Hours of cameras that are counted up while the database is away; more are not counted.
QUALITY_WAITING = 20_000
# Of so many passages of late, most bear the character of this province.
QUALITY_LOCAL = 500

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
# A plate less sure than this, or seen in fewer frames where a lane is judged, is never a violation.
VIOLATION_CONFIDENCE = 0.9
VIOLATION_LANE_READS = 3
# So near to where the hours of a rule begin or end nothing is found: clocks differ.
VIOLATION_HOURS_EDGE_MS = 60 * 1000
# A mean speed above this is two cars with one plate, or a wrong clock.
VIOLATION_SPEED_MOST_KMH = 250
# Evidence packs: a file that is larger or has more parts is none. A clip shows so much before and after the passage,
# and never more than the longest; what is not recorded after so long will not come.
VIOLATION_PACK_BYTES = 256 * 1024 * 1024
VIOLATION_PACK_FILES = 32
VIOLATION_CLIP_AROUND_MS = 5000
VIOLATION_CLIP_LONGEST_MS = 60 * 1000
VIOLATION_CLIP_WAIT_MS = 2 * 60 * 1000
VIOLATION_CLIP_AWAY_MS = 6 * 60 * 60 * 1000
VIOLATION_PACK_LOOK_MS = 5000
VIOLATION_PACK_AGAIN_MS = 60 * 1000
VIOLATION_PACKS_AT_ONCE = 50
# Passages that wait to be judged; past them they are judged by the next sweep, which looks so far back.
VIOLATION_QUEUE = 10_000
VIOLATION_SWEEP_MS = 60 * 60 * 1000
VIOLATION_SWEEP_ROWS = 500
VIOLATION_DRIVE_ROWS = 200
VIOLATION_AGAIN_LATER_MS = 1000

# The watch list. Entries that are asked for, or approved, at once; and what the area of one entry may name.
WATCHES_AT_ONCE = 2000
WATCH_AREA_CAMERAS = 500
WATCH_AREA_CORNERS = 200
# Plates that an entry no longer fires for, since somebody said that they only look like it; the newest are kept.
WATCH_NOT_PLATES = 50
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
# A plate that only looks like an entry fires from this score on (see streams/look_alike.py).
LOOK_ALIKE_SCORE = 0.15
# Of a hit: cameras that the car will pass next, how far along the roads they are looked for, and units near it.
CAMERAS_AHEAD = 5
CAMERAS_AHEAD_M = 30_000
HIT_UNITS = 3
# Where a car was seen before is looked for in this much of the readings.
HIT_LAST_SEEN_MS = 30 * 24 * 60 * 60 * 1000
# A road net: a larger file is refused at the start.
ROADS_BYTES = 64 * 1024 * 1024
# What an entry would have matched is counted in so many sightings, and shown up to here.
WATCH_CHECK_SIGHTINGS = 200

# GA/T 1400 (VIID). A larger body gets 413, one more whole in memory than AT_ONCE 503, one not whole within MS 408.
VIID_BODY_BYTES = 32 * 1024 * 1024
VIID_SMALL_BODY_BYTES = 256 * 1024
VIID_BODIES_AT_ONCE = 4
VIID_BODY_MS = 60_000
# Objects of one body; those beyond are answered "busy", to be sent again. Their pictures: larger ones are left out.
VIID_OBJECTS = 200
VIID_PICTURE_BYTES = 4 * 1024 * 1024
VIID_PNG_PX = 16 * 1024 * 1024
VIID_TEXT_CHARS = 256
# Requests of one address; further ones get 429. Addresses remembered for that.
VIID_REQUESTS_PER_S = 200
VIID_ADDRESSES = 10_000
# Systems registered at once; one more is refused. One that says nothing for so long has to register again.
VIID_PEERS = 5000
VIID_SILENT_MS = 5 * 60_000
# A challenge is good for so long; nonces remembered as used, past which older ones are stale.
VIID_NONCE_MS = 5 * 60_000
VIID_NONCES = 20_000
# Passages further ahead of our clock than CLOCK_SKEW, or older than this, are refused: the device's clock is wrong.
VIID_PASS_AGE_MS = 30 * 24 * 3600 * 1000
# Ids of vehicles remembered, so that one told again is not looked at twice; past it the oldest is forgotten.
VIID_REMEMBERED = 100_000
# Images that came before their vehicle: kept so long, and so much of them; past either the oldest goes, counted.
VIID_IMAGES_BYTES = 64 * 1024 * 1024
VIID_IMAGE_MS = 2 * 60_000
# Devices not adopted that are listed; past it the one quiet for longest goes.
VIID_STRANGERS = 1000
# Subscriptions and dispositions in force of one system, and of all; one more is refused.
VIID_ORDERS_OF_PEER = 200
VIID_ORDERS = 5000
# What waits for one receiver; past it the oldest is dropped and counted. It goes in batches of so many and so much.
VIID_WAITING = 200_000
VIID_BATCH = 20
VIID_BATCH_BYTES = 8 * 1024 * 1024
VIID_INTERVAL_S = 24 * 3600
# A receiver that answers later or more than this is away, and tried again after ever longer pauses.
VIID_CALL_MS = 15_000
VIID_ANSWER_BYTES = 1024 * 1024
VIID_BACKOFF_FIRST_MS = 1000
VIID_BACKOFF_LONGEST_MS = 5 * 60_000
# How often an upper system is told that we are there; it is registered at anew after so many that failed.
VIID_KEEPALIVE_MS = 60_000
VIID_BEATS_MISSED = 3

# Several hubs: how often each looks at what is at it, for the others to know, and how much of that it writes at once.
PLACES_LOOK_MS = 500
PLACES_WRITTEN = 200
# What one hub may do for the others at once, and how long one may take to say who it is. A hub that does not answer
# within this is away, and is not tried again for PEER_AWAY by whoever asks all hubs.
PEER_ERRANDS = 512
PEER_HELLO_MS = 3000
PEER_AWAY_MS = 5000

# Queries of sightings that one person may make in an hour, from a desk and in the field; one more gets 429. Those in
# the field reach so far back. The newest are kept in the tables, for who looks after them; an answer has so many pages.
QUERIES_AN_HOUR = 60
TERMINAL_QUERIES_AN_HOUR = 20
TERMINAL_QUERY_MS = 24 * 60 * 60 * 1000
QUERIES_KEPT = 10_000
QUERY_PAGES = 50
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

# Pictures between key frames that are kept of a camera in which nothing moves, to decode from the newest key frame once
# something does; past either, that waits for the next key frame. Looks at its pictures at once: one that is read, one
# that waits, and those being replaced by newer ones.
FEED_RUN_PACKETS = 300
FEED_RUN_BYTES = 4 * 1024 * 1024
FEED_LOOKS = 4
# A scene picture takes at most so much, for each pixel and at the least: 300 kB at 1080p.
SCENE_BYTES = 300_000
SCENE_PIXELS = 1920 * 1080

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

# Pictures of forgotten passages: so many names are held against the facts at once, and so many removed at once.
BLOBS_SWEPT = 300_000
BLOBS_REMOVED = 1000

# Cameras whose recording is set by one request.
RECORD_GROUP = 500
# Folders of recordings of one hub, each on a disk of its own.
RECORD_DISKS = 16

# Pixels of a picture in which plates are looked for, three bytes each once decoded; past it, it is refused before.
PICTURE_PIXELS = 40_000_000
# The diary of recordings: a sign of life so often, and its two files are of so much.
RECORD_ALIVE_MS = 60_000
RECORD_DIARY_BYTES = 8 * 1024 * 1024
