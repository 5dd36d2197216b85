"""Decoding, and parameter sets (SPEC R402)."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from streams import keyframes
from streams.coded import ParameterSets, parameter_prefix
from streams.keyframes import PictureDecoder, jpeg, size
from streams.packets import Packet
from tests.streams.coding import h265_pictures


def _packets(count: int) -> list[Packet]:
    sets = ParameterSets("h265")
    complete = [sets.complete(picture) for picture in h265_pictures(count)]
    return [Packet(data, 100 * i, is_key, 0, "h265") for i, (data, is_key) in enumerate(complete)]


def test_a_key_frame_of_h265_becomes_a_picture() -> None:
    key = _packets(1)[0]

    assert size(key) == (320, 192)
    encoded = jpeg(key)
    assert encoded is not None
    picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (192, 320, 3)


def test_a_run_of_h265_is_decoded_picture_by_picture() -> None:
    decoder = PictureDecoder()
    pictures = [decoder.frame(packet, alone=False) for packet in _packets(5)]

    brightness = [picture.bgr().mean() for picture in pictures if picture is not None]
    assert [picture.at_ms for picture in pictures if picture is not None] == [100 * i for i in range(len(brightness))]
    assert len(brightness) >= 4
    assert brightness == sorted(brightness)


def test_what_does_not_decode_has_no_size() -> None:
    key = _packets(1)[0]

    assert size(Packet(b"\x00\x00\x00\x01\x26\x01garbage", 0, True, 0, "h265")) is None
    assert size(Packet(key.data, 0, True, 0, "h264")) is None


def test_a_picture_is_refused_by_its_size_before_memory_is_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """R739: what a camera says that its pictures measure is not to be believed without end."""
    key = _packets(1)[0]
    monkeypatch.setattr(keyframes, "PICTURE_PIXELS", 320 * 192 // 2)
    assert size(key) is None
    assert jpeg(key) is None
    monkeypatch.setattr(keyframes, "PICTURE_PIXELS", 320 * 192 * 2)
    assert size(key) == (320, 192)


def test_parameter_sets_are_put_before_key_frames_that_come_without_once() -> None:
    key, other = _packets(2)
    prefix = parameter_prefix(key.data, "h265")
    without = key.data[len(prefix) :]
    known = ParameterSets("h265", prefix)

    assert known.complete(without) == (key.data, True)
    assert known.complete(key.data) == (key.data, True)
    assert known.complete(other.data) == (other.data, False)
    assert ParameterSets("h265").complete(without) == (without, True)
