from __future__ import annotations

import msgspec
import pytest

from command import facts, requests
from command.facts.scene import CameraEnrolled
from command.kernel.errors import InvalidInputError
from command.kernel.names import REFUSED, is_seen

ENROL = {"request": "enrol_camera", "camera": "cam1", "lat": 28.0, "lon": 113.0, "bearing_deg": 0.0, "field_deg": 60.0}
NAMED = ENROL | {"name": "案" * 101}
UNSEEN = [
    "\u200b",
    "\u200e",
    "\u200f",
    "\u202a",
    "\u202e",
    "\u2066",
    "\u2069",
    "\u2060",
    "\ufeff",
    "\u3164",
    "\U000e0041",
]


@pytest.mark.parametrize("unseen", UNSEEN, ids=lambda char: f"U+{ord(char):04X}")
def test_a_name_that_passes_for_another_on_a_screen_is_refused_in_words(unseen: str) -> None:  # R790
    body = msgspec.json.encode(ENROL | {"name": f"东门{unseen}卡口"})
    with pytest.raises(InvalidInputError, match=rf"^not a request: {REFUSED} - at `\$\.name`$"):
        requests.decode(body)
    assert not is_seen(unseen)


def test_a_text_that_is_too_long_is_refused_in_words() -> None:  # R715
    for text, most in ((requests.NoteSituation(situation="s1", text="案" * 4001), 4000), (NAMED, 100)):
        with pytest.raises(
            InvalidInputError, match=rf"^not a request: a text has at most {most} characters - at `\$\."
        ):
            requests.decode(msgspec.json.encode(text))


@pytest.mark.parametrize("name", ["东门卡口 1·北", "Ünal O’Brien", "ᠮᠣᠩᠭᠣᠯ", "ئۇيغۇر", "𠮷野家", "é"])
def test_names_of_people_and_places_are_taken(name: str) -> None:  # R790
    asked = requests.decode(msgspec.json.encode(ENROL | {"name": name}))
    assert isinstance(asked, requests.EnrolCamera)
    assert asked.name == name
    assert is_seen(name)


def test_a_fact_of_before_with_such_a_name_is_read_as_it_is() -> None:  # R790
    before = CameraEnrolled(camera="cam1", name="东门\u202e卡口", lat=28.0, lon=113.0)
    assert facts.decode(facts.encode(before), 1) == before
