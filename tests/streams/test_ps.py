from __future__ import annotations

import random
import shutil
import struct
import subprocess
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.simulators.ps_clips import PsClip, load_ps_clip
from edge.simulators.ps_sender import RtpState, rtp_packets
from streams.access_units import AccessUnit, AccessUnits, AnnexB
from streams.limits import ACCESS_UNIT_NALS, CAMERA_FRAME_BYTES
from streams.ps import PsDemuxer
from streams.rtp import RtpReceiver
from streams.rtp_video import RtpVideo

SSRC = 100_000_001
_FFMPEG = {"h264": "h264", "h265": "hevc"}
_X265 = "log-level=none:keyint=10:min-keyint=10:bframes=0:slices=2"
_OPTIONS: dict[str, dict[str, object]] = {
    "libx264": {"slices": "3"},
    "libx265": {"x265-params": _X265, "preset": "ultrafast"},
}


@pytest.fixture(scope="session", params=["libx264", "libx265"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds that move, 25 pictures a second, a key frame every ten."""
    path = tmp_path_factory.mktemp("coded") / f"{request.param}.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(request.param, rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        stream.codec_context.max_b_frames = 0
        stream.codec_context.gop_size = 10
        stream.options = _OPTIONS[request.param]
        stream.codec_context.thread_count = 1
        rng = np.random.default_rng(1)
        ground = rng.integers(0, 255, (192, 480, 3), np.uint8)
        for i in range(50):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(ground[:, i : i + 320]), format="bgr24")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def ps_clip(file: Path) -> PsClip:
    return load_ps_clip(file)


def demux(stream: bytes, step: int = 1400) -> tuple[PsDemuxer, list[AccessUnit]]:
    demuxer = PsDemuxer(AccessUnits())
    units = [unit for at in range(0, len(stream), step) for unit in demuxer.feed(stream[at : at + step], 0)]
    return demuxer, units + demuxer.end()


def decoded(units: list[AccessUnit]) -> list[av.VideoFrame]:
    """Decode with FFmpeg; anything damaged in them fails the test."""
    codec = av.CodecContext.create(_FFMPEG[units[0].codec], "r")
    assert isinstance(codec, av.VideoCodecContext)
    codec.thread_count = 1
    codec.options = {"err_detect": "explode"}
    frames = [frame for unit in units for frame in codec.decode(av.Packet(unit.data))]
    frames += codec.decode(None)
    assert not any(frame.is_corrupt for frame in frames)
    return frames


def datagrams(clip: PsClip) -> list[bytes]:
    state = RtpState(SSRC, sequence=65_500)
    return [packet for frame in clip.frames for packet in rtp_packets(frame, state, frame.at_ms)]


def over_rtp(packets: list[bytes], encoding: str = "PS") -> tuple[RtpVideo, list[AccessUnit]]:
    receiver, video = RtpReceiver(SSRC), RtpVideo(encoding)
    units = [
        unit for i, datagram in enumerate(packets) for one in receiver.receive(datagram, i) for unit in video.feed(one)
    ]
    return video, units


@pytest.mark.parametrize("step", [1, 7, 1400, 100_000])
def test_pictures_come_out_however_the_stream_is_cut(ps_clip: PsClip, step: int) -> None:
    """R339."""
    demuxer, units = demux(b"".join(frame.data for frame in ps_clip.frames), step)

    assert len(units) == 50
    assert [i for i, unit in enumerate(units) if unit.is_key] == [0, 10, 20, 30, 40]
    assert {unit.codec for unit in units} == {ps_clip.codec}
    assert [unit.pts for unit in units] == [90_000 + 3600 * i for i in range(50)]
    assert demuxer.garbage_bytes == 0
    assert len(decoded(units)) == 50


@pytest.mark.parametrize("name", ["libx264", "libx265"])
def test_packs_that_do_not_end_with_a_picture_are_read(name: str, tmp_path: Path) -> None:
    """R339: FFmpeg's own packs of 2048 bytes, each with parts of several pictures."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("the ffmpeg program is missing (Debian: ffmpeg)")
    path = tmp_path / "clip.ps"
    inputs = ["-f", "lavfi", "-i", "testsrc=s=320x240:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2"]
    coding = ["-pix_fmt", "yuv420p", "-g", "25", "-bf", "0", "-c:v", name, "-c:a", "mp2"]
    subprocess.run([ffmpeg, "-v", "quiet", *inputs, *coding, "-f", "vob", str(path)], check=True)

    demuxer, units = demux(path.read_bytes())

    assert len(units) == 50
    assert [i for i, unit in enumerate(units) if unit.is_key] == [0, 25]
    assert len(decoded(units)) == 50
    assert demuxer.garbage_bytes == 0
    stamps = [unit.pts for unit in units if unit.pts is not None]
    assert stamps == sorted(stamps)
    assert units[0].pts is not None


_GSTREAMER = """
import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
wanted = "videotestsrc num-buffers=50 ! video/x-raw,width=320,height=240,framerate=25/1 ! x264enc key-int-max=25"
wanted += " bframes=0 ! h264parse config-interval=-1 ! mpegpsmux ! filesink location=" + sys.argv[1]
pipe = Gst.parse_launch(wanted)
pipe.set_state(Gst.State.PLAYING)
end = pipe.get_bus().timed_pop_filtered(30 * 10**9, Gst.MessageType.EOS | Gst.MessageType.ERROR)
pipe.set_state(Gst.State.NULL)
sys.exit(end is None or end.type != Gst.MessageType.EOS)
"""


def test_gstreamers_program_stream_with_its_map_is_read(tmp_path: Path) -> None:
    """R339: this muxer writes a program stream map, and a PES for each picture."""
    python = shutil.which("python3", path="/usr/bin")
    path = tmp_path / "clip.ps"
    wanted = [python or "", "-c", _GSTREAMER, str(path)]
    if python is None or subprocess.run(wanted, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("GStreamer is missing (Debian: python3-gi gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly)")

    demuxer, units = demux(path.read_bytes())

    assert demuxer.announced == "H.264"
    assert len(decoded(units)) == len(units) == 50
    stamps = [unit.pts or 0 for unit in units]
    assert all(after - before in (3599, 3600, 3601) for before, after in pairwise(stamps))


def test_over_rtp_each_picture_is_there_with_its_last_packet(ps_clip: PsClip) -> None:
    """R340: after the first ones, which show that this camera's marker can be trusted."""
    receiver, video = RtpReceiver(SSRC), RtpVideo()
    state = RtpState(SSRC)
    came = []
    for frame in ps_clip.frames:
        packets = rtp_packets(frame, state, frame.at_ms)
        came.append(sum(len(video.feed(one)) for packet in packets for one in receiver.receive(packet, 0)))

    assert came == [0, 2] + [1] * 48
    assert video.trouble == ""


@pytest.mark.parametrize("marker", [0x00, 0x80])
def test_a_camera_that_never_or_always_sets_the_marker_is_read(ps_clip: PsClip, marker: int) -> None:
    """R340."""
    packets = [one[:1] + bytes([one[1] & 0x7F | marker]) + one[2:] for one in datagrams(ps_clip)]

    _, units = over_rtp(packets)

    assert len(units) == 49  # the last one would end with the next
    assert len(decoded(units)) == 49


def test_disorder_and_repetition_change_nothing(ps_clip: PsClip) -> None:
    """R341."""
    packets = datagrams(ps_clip)
    rng = random.Random(5)
    order = [i + rng.uniform(0, 8) for i in range(len(packets))]
    order[0] = -1.0
    shuffled = [packets[i] for i in sorted(range(len(packets)), key=order.__getitem__)]
    doubled = [one for packet in shuffled for one in [packet] * rng.choice((1, 1, 2))]

    _, units = over_rtp(doubled)

    assert units == over_rtp(packets)[1]
    assert len(units) == 50


@pytest.mark.parametrize("seed", range(8))
def test_after_loss_only_whole_runs_come_from_key_frames_on(ps_clip: PsClip, seed: int) -> None:
    """R341: never a picture that is damaged, or that follows one that is."""
    rng = random.Random(seed)
    packets = [packet for packet in datagrams(ps_clip) if rng.random() > 0.01]

    video, units = over_rtp(packets)

    whole = {unit.data: i for i, unit in enumerate(over_rtp(datagrams(ps_clip))[1])}
    places = [whole[unit.data] for unit in units]  # each is bit by bit what was sent
    assert 0 < len(units) < 50
    assert all(units[i].is_key or places[i] == places[i - 1] + 1 for i in range(len(units)))
    assert units[0].is_key
    assert len(units) + video.dropped <= 50


def test_lost_between_two_pictures_the_next_key_frame_still_counts(ps_clip: PsClip) -> None:
    """R341: a loss that takes a whole picture with it does not take the key frame after it."""
    state = RtpState(SSRC)
    packets = []
    for i, frame in enumerate(ps_clip.frames):
        packets += [] if i == 9 and rtp_packets(frame, state, frame.at_ms) else rtp_packets(frame, state, frame.at_ms)

    _, units = over_rtp(packets)

    assert len(units) == 49


@pytest.mark.parametrize("length", [0, 1, 40, 0xFFFF])
def test_wrong_lengths_of_video_do_no_harm(ps_clip: PsClip, length: int) -> None:
    """R339: cameras write no length, or one modulo 65,536."""
    frames = []
    for frame in ps_clip.frames:
        at = next(
            at
            for at in range(len(frame.data))
            if frame.data[at : at + 3] == b"\0\0\1" and frame.data[at + 3] >> 4 == 14
        )
        frames.append(frame.data[: at + 4] + length.to_bytes(2, "big") + frame.data[at + 6 :])

    _, units = demux(b"".join(frames))

    assert len(decoded(units)) == len(units) == 50


def test_a_sound_packet_of_wrong_length_costs_at_most_the_run(ps_clip: PsClip) -> None:
    """R341: a pack begins with an RTP packet, so the next one is found."""
    sound = b"\0\0\1\xc0\xff\xff\x80\x00\x00" + bytes([0xD5]) * 160
    frames = [frame.data for frame in ps_clip.frames]
    frames[3] += sound

    _, units = demux_each(frames)

    assert len(units) >= 42
    assert len(decoded(units)) == len(units)


def demux_each(pieces: list[bytes]) -> tuple[PsDemuxer, list[AccessUnit]]:
    """Feed pieces as one RTP packet each."""
    demuxer = PsDemuxer(AccessUnits())
    return demuxer, [unit for piece in pieces for unit in demuxer.feed(piece, 0)] + demuxer.end()


def test_sound_and_private_data_are_skipped(ps_clip: PsClip) -> None:
    """R339: also sound that looks like codes."""
    sound = b"\0\0\1\xc0\x00\x20" + b"\0\0\1\xe0\0\0\x80\x80" * 4
    private = b"\0\0\1\xbd\x00\x04\0\0\1\xba"
    padding = b"\0\0\1\xbe\x00\x02\xff\xff"
    stream = b"".join(frame.data + sound + private + padding for frame in ps_clip.frames)

    demuxer, units = demux(stream)

    assert len(decoded(units)) == len(units) == 50
    assert demuxer.garbage_bytes == 0


def test_a_stream_without_parameter_sets_says_so(file: Path) -> None:
    """R342."""
    bare = []
    with av.open(str(file)) as container:
        clip = load_ps_clip(file)
        name = {"h264": "H.264", "h265": "H.265"}[clip.codec]
        assert container.streams.video[0].codec_context.name == _FFMPEG[clip.codec]
    # The parameter sets become filler of the same length.
    sets = {"h264": (b"\x67", b"\x68"), "h265": (b"\x40\x01", b"\x42\x01", b"\x44\x01")}[clip.codec]
    filler = {"h264": b"\x0c", "h265": b"\x4c"}[clip.codec]
    for frame in clip.frames:
        data = frame.data
        for start in sets:
            data = data.replace(b"\0\0\1" + start, b"\0\0\1" + filler + start[1:])
        bare.append(data)
    state = RtpState(SSRC)
    packets = [
        packet
        for frame, data in zip(clip.frames, bare, strict=True)
        for packet in rtp_packets(type(frame)(frame.at_ms, frame.is_key, data), state, frame.at_ms)
    ]

    video, units = over_rtp(packets)

    assert units == []
    assert video.trouble == f"stream is {name} in PS without parameter sets"


def test_another_codec_is_named_by_the_map() -> None:
    """R342."""
    stream_map = b"\0\0\1\xbc\0\x0e\xe1\xff\0\0\0\x04\x10\xe0\0\0" + bytes(4)
    mpeg4 = b"\0\0\1\xe0\0\x0a\x80\0\0" + b"\0\0\1\xb6" + bytes(3)
    pack = b"\0\0\1\xba\x44" + bytes(8) + b"\xf8"
    packets = [struct.pack("!BBHII", 0x80, 0xE0, i, i * 3600, SSRC) + pack + stream_map + mpeg4 for i in range(10)]
    video, units = over_rtp(packets)

    assert units == []
    assert video.trouble == "MPEG-4 in PS, but no video of H.264 or H.265"


def test_what_is_neither_is_said_to_be() -> None:
    """R342."""
    packets = [struct.pack("!BBHII", 0x80, 0x60, i, i * 3600, SSRC) + b"\xd5" * 160 for i in range(10)]
    assert over_rtp(packets)[0].trouble == "what arrives holds neither PS nor H.264 nor H.265"


def test_a_camera_that_changes_its_codec_goes_on_at_the_next_key_frame(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """R339: whatever it says, the parameter sets count."""
    clips = []
    for name in ("libx264", "libx265"):
        path = tmp_path_factory.mktemp("change") / f"{name}.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream(name, rate=25)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
            stream.options = {"x265-params": "log-level=none:bframes=0", "bf": "0"}
            for i in range(5):
                frame = av.VideoFrame.from_ndarray(np.full((192, 320, 3), i * 9, np.uint8), format="bgr24")
                frame.pts, frame.time_base = i, Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        clips.append(load_ps_clip(path))

    first, second = clips
    _, units = demux(b"".join(frame.data for clip in (first, second, second, first, first) for frame in clip.frames))

    # FFmpeg also gives them other stream ids; that costs pictures around each change.
    assert [unit.codec for unit in units] == ["h264"] * 4 + ["h265"] * 4 + ["h264"] * 5
    assert [i for i, unit in enumerate(units) if unit.is_key] == [0, 4, 8]
    assert all(len(decoded(units[i : i + 4])) == 4 for i in (0, 4, 8))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30),
            st.sampled_from(
                [
                    b"\0\0\1" + bytes([code])
                    for code in (0xBA, 0xBB, 0xBC, 0xBD, 0xC0, 0xE0, 0xE2, 0xB9, 0x67, 0x65, 0x41)
                ]
                + [b"\0\0\1\xe0\0\0\x80\x80\x05\x21\0\1\0\1", b"\0\0\1\x67\x42\0\x1e\0\0\1\x68\xce\0\0\1\x65\x88"]
            ),
        ),
        max_size=60,
    ),
    st.sampled_from([1, 3, 17, 500]),
)
def test_no_bytes_harm_the_demultiplexer(pieces: list[bytes], step: int) -> None:
    """R343."""
    demuxer, units = demux(b"".join(pieces), step)

    assert not units or units[0].is_key
    assert len(demuxer._buffer) < 0x10000 + 600


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(1, 40))
def test_damage_anywhere_gives_pictures_or_nothing(ps_clip: PsClip, seed: int, changes: int) -> None:
    """R343: bytes changed in real streams, under RTP that lost nothing."""
    rng = random.Random(seed)
    packets = [bytearray(packet) for packet in datagrams(ps_clip)]
    for _ in range(changes):
        packet = rng.choice(packets)
        packet[rng.randrange(len(packet))] = rng.randrange(256)

    _, units = over_rtp([bytes(packet) for packet in packets])

    assert not units or units[0].is_key


def test_garbage_without_end_stays_in_bounded_memory() -> None:
    """R343: a picture that never ends, NAL units of no bytes, program packets that never come."""
    rng = random.Random(9)
    kinds: list[Callable[[], bytes]] = [
        lambda: b"\0\0\1\x65\x11" * 280,
        lambda: b"\x55" * 1400,
        lambda: b"\0\0\1\xbc\xff\xff" + b"\0\0\1\xe0\0\0\x80\0\0\0\0\1\x41\x9a",
        lambda: rng.randbytes(1400),
    ]
    demuxer = PsDemuxer(AccessUnits())
    demuxer.feed(
        b"\0\0\1\xba\x44" + bytes(8) + b"\xf8\0\0\1\xe0\0\0\x80\0\0\0\0\1\x67\x42\0\x1e\0\0\1\x68\xce\0\0\1\x65\x88", 0
    )
    tracemalloc.start()
    try:
        for kind in kinds:
            for _ in range(9000):  # 12 MB, more than a picture may have
                demuxer.feed(kind(), 0)
        assert tracemalloc.get_traced_memory()[1] < 3 * CAMERA_FRAME_BYTES
    finally:
        tracemalloc.stop()


def test_an_access_unit_of_too_many_parts_is_given_up() -> None:
    """R343."""
    units = AccessUnits()
    annex_b = AnnexB(units)
    sets = b"\0\0\1\x67\x42\0\x1e\0\0\1\x68\xce"
    first = b"\0\0\1\x65\x88\x11"
    more = b"\0\0\1\x65\x11\x11"

    whole = annex_b.feed(sets + first + more * (ACCESS_UNIT_NALS - 3), None, 0) + annex_b.end()
    larger = annex_b.feed(sets + first + more * ACCESS_UNIT_NALS, None, 0) + annex_b.end()

    assert [unit.is_key for unit in whole] == [True]
    assert larger == []


@pytest.mark.parametrize("name", ["libx264", "libx265"])
def test_a_camera_that_changes_its_resolution_is_decoded_on(name: str, tmp_path: Path) -> None:
    """R339: parameter sets of the same numbers are replaced by the newer ones. With B frames, as encoders send them."""
    clips = []
    for width in (320, 640):
        path = tmp_path / f"{width}.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream(name, rate=25)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = width, 192, "yuv420p"
            stream.options = {"x265-params": "log-level=none", "bf": "2"}
            for i in range(12):
                frame = av.VideoFrame.from_ndarray(np.full((192, width, 3), i * 9, np.uint8), format="bgr24")
                frame.pts, frame.time_base = i, Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        clips.append(load_ps_clip(path))

    _, units = demux(b"".join(frame.data for clip in (*clips, *clips) for frame in clip.frames))

    assert [frame.width for frame in decoded(units)] == ([320] * 12 + [640] * 12) * 2
    keys = [i for i, unit in enumerate(units) if unit.is_key]
    assert keys == [0, 12, 24, 36]
    # A viewer who joins at any of them needs nothing from before.
    assert [decoded([units[i]])[0].width for i in keys] == [320, 640, 320, 640]
