"""Named limits of cameras and of what is read in their pictures: what happens at each is said beside it and tested."""

from __future__ import annotations

# Cameras. A connection that brings no first packet, or no packet for FROZEN, counts as down and is tried again.
CAMERA_OPEN_MS = 5000
# A longer address of a camera is refused where it is set.
CAMERA_ADDRESS_CHARS = 2048
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
# Cameras whose newest frame's age stands in /metrics, and cameras that are down that stand there with the reason; of
# further ones only the states are counted.
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
# Cameras of which it is known who tried to publish last and what came of it; past it the oldest is forgotten.
WHIP_TRIES = 256
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
# Folders of recordings of one hub, each on a disk of its own.
RECORD_DISKS = 16
# One list of recordings, one clip, and the locks that there may be.
RECORD_LISTED = 2000
RECORD_LISTED_MS = 32 * 24 * 60 * 60 * 1000
RECORD_CLIP_MS = 4 * 60 * 60 * 1000
RECORD_CLIPS_AT_ONCE = 2
# While nobody can tell whether one is on record it is asked again so often, and no other is made.
RECORD_CLIPS_ASKED_MS = 5000
RECORD_LOCKS = 10_000
# An event is one of a camera when it is so near.
RECORD_EVENT_M = 150

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

# Pictures between key frames that are kept of a camera in which nothing moves, to decode from the newest key frame once
# something does; past either, that waits for the next key frame. Looks at its pictures at once: one that is read, one
# that waits, and those being replaced by newer ones.
FEED_RUN_PACKETS = 300
FEED_RUN_BYTES = 4 * 1024 * 1024
FEED_LOOKS = 4
# A scene picture takes at most so much, for each pixel and at the least: 300 kB at 1080p.
SCENE_BYTES = 300_000
SCENE_PIXELS = 1920 * 1080

# Pixels of a picture, three bytes each once decoded; past it, it is refused before that: as one that does not decode,
# where a camera sends it.
PICTURE_PIXELS = 40_000_000
# Of one that its decoder holds as a whole, in up to 11 bytes for each pixel: a JPEG in several scans, as progressive
# ones are. Either way 250 MB are the most.
PICTURE_HELD_PIXELS = 20_000_000
# Scans of one JPEG; encoders make 10 of a progressive one.
JPEG_SCANS = 64
# The diary of recordings: a sign of life so often, and its two files are of so much.
RECORD_ALIVE_MS = 60_000
RECORD_DIARY_BYTES = 8 * 1024 * 1024

# A still out of recordings, for a camera that shows nothing: so much of a segment is read, of so many of the newest.
STILL_BYTES = 8 * 1024 * 1024
STILL_TRIES = 3

# Places in which two files of a list of the watch list differ; past them, who has the one is sent the other whole.
LIBRARY_EDITS = 50_000
# Lines of one list that are told of a plate, the first of which nobody set aside fires; further ones are passed over.
LIBRARY_FITS = 8
# Ways to take a plate for others in several characters that are followed further, on lists that mean look-alikes; of
# more, which no reader is that unsure of, the likeliest.
LOOK_ALIKE_WAYS = 4096

# A camera is asked for a key frame at most so often, for all who wait for one, and has so long to agree.
CAMERA_ASK_KEY_MS = 1000
CAMERA_ASK_KEY_CALL_MS = 5000

# A plate less sure than this, or seen in fewer frames where a lane is judged, is never a violation.
VIOLATION_CONFIDENCE = 0.9
VIOLATION_LANE_READS = 3
# So near to where the hours of a rule begin or end nothing is found: clocks differ.
VIOLATION_HOURS_EDGE_MS = 60 * 1000
# A mean speed above this is two cars with one plate, or a wrong clock.
VIOLATION_SPEED_MOST_KMH = 250

# Evidence packs: a file that is larger or has more parts is none.
VIOLATION_PACK_BYTES = 256 * 1024 * 1024
VIOLATION_PACK_FILES = 32

# Reading plates. A picture past these is refused before it is decoded.
PICTURE_BYTES = 32 * 1024 * 1024
PICTURE_SIDE_PX = 8192
# Frames waiting for a plate reader, 6 MB each: one a camera, this many cameras; past it the newcomer is refused.
READER_CAMERAS = 256
READERS = 64
# A reader that takes longer with one frame is replaced and the frame reported failed.
READER_FRAME_MS = 15_000
READER_START_MS = 60_000
# Vehicles followed at once before one camera; past it the one unseen longest is finished.
PASSAGES_OPEN = 64
# A plate that only looks like an entry fires from this score on (see streams/look_alike.py).
LOOK_ALIKE_SCORE = 0.15
