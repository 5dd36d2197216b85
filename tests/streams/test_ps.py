from __future__ import annotations

import shutil
import struct
import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from edge.simulators.ps_clips import PsClip, load_ps_clip
from edge.simulators.ps_sender import RtpState, rtp_packets
from streams.rtp import RtpReceiver
from streams.rtp_video import RtpVideo
from tests.streams.ps_coding import FFMPEG, SSRC, datagrams, decoded, demux, over_rtp


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


_PATTERN = np.random.default_rng(5).integers(0, 256, (15, 20, 3), np.uint8).repeat(16, 0).repeat(16, 1)


@pytest.mark.parametrize("name", ["libx264", "libx265"])
def test_packs_that_do_not_end_with_a_picture_are_read(name: str, tmp_path: Path) -> None:
    """R339: FFmpeg's own packs of 2048 bytes, each with parts of several pictures."""
    path = tmp_path / "clip.ps"
    with av.open(str(path), "w", format="vob") as packs:
        picture = cast("VideoStream", packs.add_stream(name, rate=25, options={"g": "25", "bf": "0"}))
        picture.width, picture.height, picture.pix_fmt = 320, 240, "yuv420p"
        sound = packs.add_stream("mp2", rate=44_100)
        for n in range(50):
            frame = av.VideoFrame.from_ndarray(np.roll(_PATTERN, 6 * n, axis=1), format="rgb24")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            packs.mux(picture.encode(frame))
            hum = np.sin(np.arange(1764 * n, 1764 * (n + 1), dtype=np.float32) * 0.06)[np.newaxis]
            heard = av.AudioFrame.from_ndarray((hum * 9000).astype(np.int16), format="s16p", layout="mono")
            heard.sample_rate, heard.pts = 44_100, 1764 * n
            packs.mux(sound.encode(heard))
        packs.mux(picture.encode(None))
        packs.mux(sound.encode(None))

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


def test_sound_and_private_data_are_skipped(ps_clip: PsClip) -> None:
    """R339: also sound that looks like codes."""
    sound = b"\0\0\1\xc0\x00\x20" + b"\0\0\1\xe0\0\0\x80\x80" * 4
    private = b"\0\0\1\xbd\x00\x04\0\0\1\xba"
    padding = b"\0\0\1\xbe\x00\x02\xff\xff"
    stream = b"".join(frame.data + sound + private + padding for frame in ps_clip.frames)

    demuxer, units = demux(stream)

    assert len(decoded(units)) == len(units) == 50
    assert demuxer.garbage_bytes == 0


def test_a_stream_without_parameter_sets_says_so(coded_file: Path) -> None:
    """R342."""
    bare = []
    with av.open(str(coded_file)) as container:
        clip = load_ps_clip(coded_file)
        name = {"h264": "H.264", "h265": "H.265"}[clip.codec]
        assert container.streams.video[0].codec_context.name == FFMPEG[clip.codec]
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
