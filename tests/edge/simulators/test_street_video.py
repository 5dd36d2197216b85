from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from edge.simulators.plate_drawing import PlateColour, draw_plate, font
from edge.simulators.street_video import Street, pictures, render, traffic
from streams.plates.reader import PlateReader


def needs_font() -> None:
    if font(20) is None:
        reason = "no Chinese font (Debian: fonts-noto-cjk)"
        pytest.skip(reason)


def test_a_clip_has_a_key_frame_every_second_and_is_made_only_once(tmp_path: Path) -> None:
    street = Street("CAM 1", traffic([("湘F12345", "blue")], 3), seconds=3, width=320, height=180, fps=10)
    path = render(street, tmp_path)
    made_ns = path.stat().st_mtime_ns

    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        assert container.streams.video[0].codec_context.name == "h264"
    assert [i for i, packet in enumerate(packets) if packet.is_keyframe] == [0, 10, 20]
    assert all(packet.pts == packet.dts for packet in packets)
    assert render(street, tmp_path).stat().st_mtime_ns == made_ns
    assert render(Street("CAM 2", (), seconds=1, width=320, height=180), tmp_path) != path
    assert {x.suffix for x in tmp_path.iterdir()} == {".mp4"}


def test_vehicles_move_and_have_passed_before_the_clip_starts_over() -> None:
    street = Street("CAM 1", traffic([("湘F12345", "blue"), ("湘FD12345", "green")]), width=320, height=180, fps=4)
    frames = list(pictures(street))
    below_the_clock = np.s_[20:]

    def changed(a: int, b: int) -> float:
        return float(np.abs(frames[a][below_the_clock].astype(int) - frames[b][below_the_clock]).mean())

    assert len(frames) == 80
    assert changed(20, 28) > 2
    assert changed(0, 79) < 1  # the first one, small in the distance


@pytest.mark.parametrize(
    ("plate", "colour", "shape"),
    [("湘F8A321", "blue", (140, 440, 3)), ("湘FD12345", "green", (140, 480, 3)), ("鄂A7K902", "yellow", (140, 440, 3))],
)
def test_the_product_reads_the_plates_drawn(plate: str, colour: PlateColour, shape: tuple[int, int, int]) -> None:
    needs_font()
    picture = draw_plate(plate, colour)
    read = PlateReader().read_crop(picture)

    assert picture.shape == shape
    assert read is not None
    assert (read.plate, read.colour) == (plate, colour)


def test_the_product_reads_the_plate_of_a_passing_vehicle() -> None:
    needs_font()
    street = Street("岳阳县 01", traffic([("湘F8A321", "blue")], 9), seconds=9, fps=2)
    near = list(pictures(street))[15]

    assert [read.plate for read in PlateReader().read(near)] == ["湘F8A321"]
