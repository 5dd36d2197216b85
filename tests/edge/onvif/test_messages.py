"""What cameras say, well and badly (SPEC R346)."""

from __future__ import annotations

import pytest

from edge.limits import ONVIF_PROFILES, ONVIF_PULL_EVENTS
from edge.onvif import messages
from edge.onvif.events import CameraEvent, events
from edge.onvif.xml import parse
from streams.limits import PTZ_PRESETS
from streams.ptz import Preset

_TIME = (
    "<r><SystemDateAndTime><UTCDateTime><Time><Hour>{}</Hour><Minute>26</Minute><Second>{}</Second></Time>"
    "<Date><Year>{}</Year><Month>9</Month><Day>13</Day></Date></UTCDateTime></SystemDateAndTime></r>"
)


@pytest.mark.parametrize(
    ("said", "clock_ms"),
    [
        ((12, 40, 2020), 1_600_000_000_000),
        ((12, 60, 2020), 1_600_000_019_000),
        ((25, 0, 2020), None),
        ((12, 0, 0), None),
        (("x", 0, 2020), None),
    ],
)
def test_the_clock_is_what_the_camera_says_if_there_is_such_an_instant(
    said: tuple[object, ...], clock_ms: int | None
) -> None:
    assert messages.clock_ms(parse(_TIME.format(*said).encode())) == clock_ms
    assert messages.clock_ms(parse(b"<r/>")) is None


def test_profiles_of_media_1_and_2_are_read_alike() -> None:
    encoder = (
        "<Encoding>{}</Encoding><Resolution><Width>1920</Width><Height>1080</Height></Resolution>"
        "<RateControl><FrameRateLimit>{}</FrameRateLimit></RateControl>"
    )
    first = (
        f'<r><Profiles token="a"><Name>one</Name><VideoEncoderConfiguration>{encoder.format("H264", 25)}'
        "</VideoEncoderConfiguration><PTZConfiguration/></Profiles>"
        '<Profiles token="sound"><Name>no video</Name></Profiles>'
        "<Profiles><VideoEncoderConfiguration/></Profiles></r>"
    )
    second = (
        f'<r><Profiles token="a"><Name>one</Name><Configurations><VideoEncoder>{encoder.format("H265", "nan")}'
        "</VideoEncoder></Configurations></Profiles></r>"
    )

    assert messages.profiles(parse(first.encode())) == [
        messages.Profile("a", "one", "H264", 1920, 1080, 25.0, has_ptz=True)
    ]
    assert messages.profiles(parse(second.encode())) == [messages.Profile("a", "one", "H265", 1920, 1080, 0.0)]


def test_more_profiles_and_presets_than_the_limits_are_left_out() -> None:
    many = "".join(f'<Profiles token="{i}"><VideoEncoderConfiguration/></Profiles>' for i in range(1000))
    assert len(messages.profiles(parse(f"<r>{many}</r>".encode()))) == ONVIF_PROFILES
    many = "".join(f'<Preset token="{i}"/>' for i in range(1000))
    assert len(messages.presets(parse(f"<r>{many}</r>".encode()))) == PTZ_PRESETS


@pytest.mark.parametrize(
    ("tokens", "numbers"),
    [(("3", "1"), [3, 1]), (("home", "1"), [1, 2]), (("1", "01"), [1, 2]), (("", "5"), [5])],
)
def test_presets_have_the_numbers_of_their_tokens_or_of_their_places(
    tokens: tuple[str, ...], numbers: list[int]
) -> None:
    said = "".join(f'<Preset token="{token}"><Name>\x7f门</Name></Preset>' for token in tokens)

    found = messages.presets(parse(f"<r>{said}</r>".encode()))

    assert [stored.preset for stored in found] == [Preset(number, "门") for number in numbers]


def test_services_are_where_either_question_says() -> None:
    services = (
        "<r><Service><Namespace>http://www.onvif.org/ver20/ptz/wsdl</Namespace><XAddr>http://h/p</XAddr></Service>"
        "<Service><Namespace>http://maker.example</Namespace><XAddr>http://h/q</XAddr></Service></r>"
    )
    older = "<r><Capabilities><Media><XAddr>http://h/m</XAddr></Media><PTZ/></Capabilities></r>"

    assert messages.services(parse(services.encode())) == {"ptz": "http://h/p"}
    assert messages.capabilities(parse(older.encode())) == {"media": "http://h/m"}


def _event(topic: str, value: str, *, at: str = "2020-09-13T12:26:40Z", operation: str = "Changed") -> str:
    return (
        f"<NotificationMessage><Topic>{topic}</Topic><Message><Message UtcTime='{at}' PropertyOperation='{operation}'>"
        f"<Source><SimpleItem Name='s' Value='1'/></Source><Data><SimpleItem Name='n' Value='{value}'/></Data>"
        "</Message></Message></NotificationMessage>"
    )


def test_events_are_told_by_topic_on_our_clock_and_the_unknown_left_out() -> None:
    said = [
        _event("tns1:RuleEngine/CellMotionDetector/Motion", "true"),
        _event("tns1:Device/Trigger/DigitalInput", "0", operation="Initialized"),
        _event("tns1:VideoSource/GlobalSceneChange/ImagingService", "true", at="yesterday"),
        _event("tns1:VideoSource/MotionAlarm", "true", at="2030-01-01T00:00:00Z"),
        _event("tns1:Device/HardwareFailure/FanFailure", "true"),
        _event("tns1:VideoSource/MotionAlarm", "perhaps"),
        _event("tns1:VideoSource/MotionAlarm", "true", operation="Deleted"),
        "<NotificationMessage><Topic>Motion</Topic></NotificationMessage>",
    ]
    camera_ms = 1_600_000_000_000
    now_ms = camera_ms + 5000

    found = events(parse(f"<r>{''.join(said)}</r>".encode()), offset_ms=60_000, now_ms=now_ms)

    assert found == [
        CameraEvent("motion", True, "1", camera_ms - 60_000),
        CameraEvent("alarm_input", False, "1", camera_ms - 60_000, is_state=True),
        CameraEvent("tampering", True, "1", now_ms),
        CameraEvent("motion", True, "1", now_ms),
    ]
    many = _event("Motion", "true") * 1000
    assert len(events(parse(f"<r>{many}</r>".encode()), 0, now_ms)) == ONVIF_PULL_EVENTS
