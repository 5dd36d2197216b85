"""What our writer makes is read back by FFmpeg, picture for picture."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from command.kernel.errors import InvalidInputError
from streams import fmp4, fmp4_reader, h264
from streams.packets import Codec, Packet
from streams.recorder import files

AT_MS = 1_790_000_000_000


def coded(codec: Codec, *, size: tuple[int, int] = (322, 180), pictures: int = 50, b_frames: int = 2) -> list[Packet]:
    """Return access units of a moving picture, 25 a second with a key frame every second, in decoding order."""
    encoder = av.CodecContext.create("libx264" if codec == "h264" else "libx265", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 1000), Fraction(25)
    keys = f"keyint=25:min-keyint=25:bframes={b_frames}:scenecut=0"
    encoder.options = {"x264-params": keys, "x265-params": f"{keys}:log-level=none:open-gop=0:repeat-headers=1"}
    packets = []
    for i in [*range(pictures), None]:
        frame = None
        if i is not None:
            shade = np.full((size[1], size[0], 3), (5 * i) % 256, np.uint8)
            frame = av.VideoFrame.from_ndarray(shade, format="rgb24")
            frame.pts = i * 40
        packets += [
            Packet(bytes(packet), packet.pts or 0, packet.is_keyframe, AT_MS + (packet.pts or 0), codec)
            for packet in encoder.encode(frame)
        ]
    return packets


def in_fragments(packets: list[Packet], sizes: int) -> tuple[bytes, int]:
    """Return a whole file of the packets, in fragments of so many pictures or more, and its beginning."""
    file = fmp4.init_segment(fmp4.track_of(packets[0]))
    timing, number, waiting = fmp4.Timing(), 0, list[Packet]()
    for packet in packets:
        waiting.append(packet)
        if len(waiting) > sizes and (count := fmp4.run_length(waiting)):
            number += 1
            file += fmp4.fragment(number, timing.samples(waiting[:count]))
            waiting = waiting[count:]
    file += fmp4.fragment(number + 1, timing.samples(waiting))
    return file, timing.base_ms


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_every_picture_comes_back_at_its_time(codec: Codec, b_frames: int) -> None:
    packets = coded(codec, b_frames=b_frames)
    file, base_ms = in_fragments(packets, 7)
    frames = decoded(file)
    assert [base_ms + at_ms for at_ms, _ in frames] == [i * 40 for i in range(50)]
    assert all(abs(grey - (5 * i) % 256) < 12 for i, (_, grey) in enumerate(frames))
    assert (base_ms < 0) == bool(b_frames)


def decoded(file: bytes) -> list[tuple[int, int]]:
    """Return when each picture is shown, and how bright it is."""
    with av.open(io.BytesIO(file), "r") as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (322, 180)
        frames = []
        for frame in container.decode(stream):
            assert frame.time is not None
            frames.append((round(frame.time * 1000), int(frame.to_ndarray(format="gray").mean())))
        return frames


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_parameter_sets_stand_in_the_beginning_only(codec: Codec) -> None:
    packets = coded(codec, pictures=3)
    units = {unit for packet in packets for unit in h264.nal_units(packet.data)}
    data = fmp4.sample_data(packets[0].data, codec)
    kinds = set()
    while data:
        length = int.from_bytes(data[:4])
        unit, data = data[4 : 4 + length], data[4 + length :]
        assert unit in units
        kinds.add(unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F)
    assert not kinds & ({7, 8, 9, 12} if codec == "h264" else {32, 33, 34, 35, 38})
    assert kinds


def test_the_codec_is_named_as_browsers_know_it() -> None:
    high = fmp4.track_of(coded("h264", pictures=1)[0])
    assert high.codecs.startswith("avc1.64")
    assert high.mime == f'video/mp4; codecs="{high.codecs}"'
    main = fmp4.track_of(coded("h265", pictures=1)[0])
    assert main.codecs.startswith("hvc1.1.6.L60.")


def test_another_size_is_another_track_and_the_same_is_the_same() -> None:
    small, again = (fmp4.track_of(coded("h264", pictures=1)[0]) for _ in range(2))
    assert small == again
    large = fmp4.track_of(coded("h264", size=(640, 360), pictures=1)[0])
    assert (large.width, large.height) == (640, 360)
    assert large != small


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_parameter_sets_that_are_cut_or_missing_are_refused(codec: Codec) -> None:
    key = coded(codec, pictures=1)[0]
    units = h264.nal_units(key.data)
    wanted = {7, 8} if codec == "h264" else {32, 33, 34}
    for unit in units:
        kind = unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F
        if kind in wanted:
            rest = [u for u in units if u != unit]
            with pytest.raises(InvalidInputError):
                fmp4.track_of(Packet(h264.annex_b(rest), 0, True, AT_MS, codec))
    sps = next(u for u in units if (u[0] & 0x1F == 7 if codec == "h264" else u[0] >> 1 & 0x3F == 33))
    for length in range(1, 8):
        cut = [sps[:length] if u == sps else u for u in units]
        with pytest.raises(InvalidInputError):
            fmp4.track_of(Packet(h264.annex_b(cut), 0, True, AT_MS, codec))


def test_times_that_stand_still_or_go_back_are_still_decoded_in_order() -> None:
    packets = coded("h264", pictures=4, b_frames=0)
    timing = fmp4.Timing()
    stuck = [Packet(p.data, 500, p.is_key, p.at_ms, p.codec) for p in packets]
    assert [s.dts_ms for s in timing.samples(stuck)] == [0, 1, 2, 3]
    earlier = [Packet(p.data, 300, p.is_key, p.at_ms, p.codec) for p in packets]
    assert [s.dts_ms for s in timing.samples(earlier)] == [4, 5, 6, 7]
    assert fmp4.run_length(stuck) == 0


def test_a_fragment_ends_only_where_all_that_follows_is_shown_later() -> None:
    def run(*shown_ms: int) -> int:
        return fmp4.run_length([Packet(b"", at_ms, False, AT_MS) for at_ms in shown_ms])

    assert run(0, 40, 80) == 2
    assert run(0, 120, 40) == 1
    assert run(0, 120, 40, 80, 240) == 4
    assert run(0) == 0


def test_a_hole_in_the_end_of_a_file_costs_what_is_in_it_and_no_more(tmp_path: Path) -> None:
    """R305: a power cut may leave the length of a file and not all of its blocks."""
    file, _ = in_fragments(coded("h264", b_frames=0), 7)
    moofs = [start for kind, start, _ in fmp4_reader.boxes(file) if kind == b"moof"]
    path, (before, last) = tmp_path / "1790000000000-0.mp4", moofs[-2:]
    for hole, size in ((last + 80, 4), (last + 80, len(file) - last - 80), (last, len(file) - last)):
        torn = file[:hole] + bytes(size) + file[hole + size :]
        path.write_bytes(torn)
        found = files.trim(path)
        assert found is not None
        assert (found.bytes, path.read_bytes()) == (last, file[:last])
        assert found.to_ms == found.from_ms + fmp4_reader.end_ms(file, before)
    with pytest.raises(InvalidInputError):
        fmp4_reader.samples(file[: last + 80] + b"\xff" * 4 + file[last + 84 :])
    with pytest.raises(InvalidInputError):
        fmp4_reader.samples(b"\0\0\0\x08moof\0\0\0\x08mdat")
