"""Pictures that come in bodies cost no more than pictures do, whatever they say."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from command.kernel.errors import InvalidInputError
from edge.viid.pictures import picture_of
from streams.limits import JPEG_SCANS


def progressive() -> bytes:
    done, data = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])
    assert done
    return bytes(data)


def told(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


def test_a_progressive_picture_is_taken() -> None:
    assert picture_of(told(progressive())) == progressive()


@pytest.mark.parametrize("side", [16_000, 65_500])
def test_a_progressive_picture_of_a_few_bytes_that_says_it_is_huge_is_not_decoded(side: int) -> None:  # R585
    size = side.to_bytes(2, "big")
    with pytest.raises(InvalidInputError, match=f"picture of {side} x {side} pixels"):
        picture_of(told(progressive().replace(b"\x00\x08\x00\x08", size * 2)))


def test_a_picture_of_many_scans_is_not_decoded() -> None:  # R585
    whole = progressive()
    last = whole.rindex(b"\xff\xda")
    scans = whole[:last] + whole[last:-2] * JPEG_SCANS + whole[-2:]
    with pytest.raises(InvalidInputError, match="scans"):
        picture_of(told(scans))
