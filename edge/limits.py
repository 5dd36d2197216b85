"""Named limits of devices and agents: what happens at each is said beside it and tested."""

from __future__ import annotations

from streams.limits import CAMERA_FRAME_BYTES

# Devices. Where so many are connected, the oldest that has not signed in makes room for the next.
DEVICE_CONNECTIONS = 6000
DEVICE_FRAME_BYTES = 64 * 1024
# Of each device, or of each phone of a connection: who sends more has to wait.
DEVICE_MESSAGES_PER_S = 50

# The simulated RTSP cameras.
RTSP_CONNECTIONS = 256
RTSP_REQUEST_BYTES = 16 * 1024
# A player that leaves more than this unread skips to the next key frame.
RTSP_UNREAD_BYTES = 2 * 1024 * 1024

# JT/T 808 terminals. A connection that has not authenticated in time, or then says nothing for so long, is closed.
DEVICE_SIGN_IN_MS = 60_000
DEVICE_SILENCE_MS = 5 * 60_000
# How often the hub is asked whether it still knows those that are connected: who was taken out is cut off then.
DEVICE_KNOWN_MS = 5000
# Phones that may be signed in on one connection, as a platform that forwards has them; one more is told no, counted.
DEVICE_PHONES = 2000
# Bad frames in a row, or wrong codes while nobody is signed in, after which a connection is closed.
DEVICE_BAD_FRAMES = 64
DEVICE_WRONG_CODES = 20
# Split messages half received, of one phone; the oldest is given up. Parts missing for so long are asked for once,
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
# Connections over TCP; for one more the oldest stranger is closed, or else that one at once. So is one that got no
# agreeing answer by then, that says nothing for so long, or that leaves so much untaken.
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
# Recordings taken of one answer; whoever wants more asks for a shorter time.
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

# Edge agents. One connected more than this gets 429; cameras past these are not told to it, and that is logged.
AGENTS = 64
AGENT_CAMERAS = 256
# A larger message ends the connection; what a hub tells of cameras and watches may be larger than what an agent says.
AGENT_MESSAGE_BYTES = 256 * 1024
AGENT_CONFIG_BYTES = 4 * 1024 * 1024
AGENT_ITEMS_PER_MESSAGE = 256
# Cameras in the areas of watch entries, and plates they are not to fire for, that one agent is told, so that all of it
# goes into AGENT_CONFIG_BYTES; past it the agent looks out for the rest everywhere, and the hub judges.
AGENT_WATCH_DETAIL_BYTES = 1024 * 1024
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
# How often counts of plates read and not read are told, and of how many cameras in one item.
AGENT_READING_MS = 60_000
AGENT_READING_CAMERAS = 64
# What an agent keeps until the hub has it. Past either the least important are shed, oldest first, and counted.
OUTBOX_ITEMS = 500_000
OUTBOX_BYTES = 2 * 1024 * 1024 * 1024
# Items waiting for the one commit before theirs; past it whoever brings more is told that the outbox is away.
OUTBOX_WAITING = 20_000
# What the agent's disk refuses is held in memory and tried again after so long. Past either of these the least
# important are given up, oldest first, and counted.
AGENT_HELD_ITEMS = 10_000
AGENT_HELD_BYTES = 64 * 1024 * 1024
AGENT_HELD_AGAIN_MS = 1000

# Lists of the watch list that agents fetch: at once from one hub (one more gets 429), and bytes of one message.
LIBRARY_FETCHES = 4
LIBRARY_PIECE_BYTES = 64 * 1024
# Ways from one file of a list to another that a hub keeps ready for agents; the one asked for longest ago is forgotten.
LIBRARY_EDITS_KEPT = 8

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
# After its end was told, what was sent before is taken for so long, until nothing came for a while.
GB28181_LAST_MS = 2000
GB28181_QUIET_MS = 200
# A playback is asked for up to so long at once; files of a recorder nearer than a seam are one recording.
GB28181_PLAYBACK_MS = 24 * 60 * 60 * 1000
GB28181_SEAM_MS = 2000
# How a playback's time stamps go at another speed is judged after so long without a picture that came so late, else
# after so long; a leap beyond these is none of the recording.
GB28181_STAMPS_MS = 400
GB28181_STAMPS_LATE_MS = 50
GB28181_STAMPS_LONGEST_MS = 8000
GB28181_STAMPS_BACK_MS = 500
GB28181_STAMPS_ON_MS = 10_000
# Registrations that changed are written so often, new ones at once.
GB28181_KEEP_MS = 2000

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
# What we subscribe to at lower systems: subscriptions, ids that one names, for how long one is asked for, and how often
# it is said anew: so long at most is lost where the lower system forgot it.
VIID_LOWERS = 50
VIID_LOWER_RESOURCES = 20
VIID_LEASE_MS = 24 * 3600 * 1000
VIID_RENEW_MS = 3600 * 1000
# Devices that one system tells of, and all do; of an answer with more the rest is left. One told no longer goes.
VIID_CATALOGUE_BYTES = 16 * 1024 * 1024
VIID_CATALOGUE_OF_PEER = 5000
VIID_CATALOGUE = 20_000
VIID_CATALOGUE_MS = 30 * 24 * 3600 * 1000
VIID_BEATS_MISSED = 3
# Devices in one notice of our catalogue, and how often it is looked whether some have changed.
VIID_DEVICES_TOLD = 200
VIID_DEVICES_LOOK_MS = 10_000
# Lower systems that are told our watch list; entries told to one, the gravest first; in one body; tollgates that one
# names. Agreed ones are told anew, refused ones once more, after so long; cancelling is given up after so long.
VIID_CASCADES = 50
VIID_CASCADED = 2000
VIID_CASCADE_BATCH = 50
VIID_CASCADE_TOLLGATES = 40
VIID_CASCADE_AGAIN_MS = 24 * 3600 * 1000
VIID_CASCADE_REFUSED_MS = 3600 * 1000
VIID_CASCADE_END_MS = 7 * 24 * 3600 * 1000
# Without any news it is looked so often whether what is to be told has changed: an area's cameras may have.
VIID_CASCADE_LOOK_MS = 60_000
# How often a lower system is asked how what it was told stands there; so many that nobody here knows of are ended.
VIID_CASCADE_STAND_MS = 5 * 60_000
VIID_CASCADE_STRAYS = 2000
