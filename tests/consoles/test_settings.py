"""A settings file with a mistake stops the start, in a sentence that names the key (SPEC R783)."""

from __future__ import annotations

from pathlib import Path

import pytest

from command.kernel.errors import InvalidInputError
from consoles.settings import load_settings

GB = '[gb28181]\nserver_id = "43062100002000000001"\n'
VIID = '[viid]\nserver_id = "43062100005030000001"\n'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[limits]\nsign_s = 0", "limits.sign_s"), ("[limits]\nsilent_s = -5", "limits.silent_s"),
        ("[limits]\nduplicate_minutes = 0", "limits.duplicate_minutes"),
        ("[limits]\nsos_radius_m = nan", "limits.sos_radius_m"),
        ("[limits]\napproval_warn_share = 1.5", "limits.approval_warn_share"),
        ("[limits]\ndetour_factor = inf", "limits.detour_factor"),
        ("[limits]\nspeed_tolerance_percent = 101", "limits.speed_tolerance_percent"),
        ("[limits]\ninterval_speed_reviewers = 3", "limits.interval_speed_reviewers"),
        ("[limits]\nviolation_review_days = 0", "limits.violation_review_days"),
        ("[limits.mean_speed_kmh]\npatrol_car = 45", "mean_speed_kmh lacks ambulance"),
        ("[limits.mean_speed_kmh]\npatrol_car = 0", "limits.mean_speed_kmh"),
        ("[limits]\nanswer_s = 15", "answer_s"),
        (GB + "media_ports = [30999, 30000]", "media_ports"), (GB + 'address = "not an address"', "not an address"),
        (VIID + "algorithms = []", "viid.algorithms"), ('video_addresses = ["eth0"]', "eth0"),
        ('proxies = ["10.0.0.1/8"]', "10.0.0.1/8"), ('proxies = ["::/0"]', "everybody"),  # R1231
        ('[case]\nurl = "case.county.example"\ntoken = "t"', "case.url"),
        ('[sms]\nurl = "https://sms.example/send"\ntoken = ""', "sms.token"),
        ('cameras_kept_to = {"*-cell" = ["commander"]}', "'*-cell'"),
        ('cameras_kept_to = {"cell-?" = ["commander"]}', "'cell-?'"), ('cameras_of_stations = {s1 = [""]}', "''"),
        ('bus = "redis://127.0.0.1"', "journal"), ('file = ""', "`file` is no key"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_meant_is_named(text: str, named: str, tmp_path: Path) -> None:
    config = tmp_path / "triune.toml"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInputError) as refused:
        load_settings(config)
    assert named in refused.value.detail


def test_what_counties_set_is_taken(tmp_path: Path) -> None:
    config = tmp_path / "triune.toml"
    text = f"""
        bus = "rediss://:password@redis.county.example:6380/1"
        video_addresses = ["10.0.0.2", "fd00::2"]
        cameras_kept_to = {{"cell-*" = ["commander"], k7 = ["commander"]}}
        case = {{url = "http://10.0.0.5:8081/cases", token = "t"}}
        [limits]
        sign_s = 90
        sos_radius_m = 5000
        {GB}address = "203.0.113.7"
        {VIID}algorithms = ["SHA-256"]
    """
    config.write_text("\n".join(line.strip() for line in text.splitlines()), encoding="utf-8")
    taken = load_settings(config, journal="postgresql://triune@db.county.example/triune")
    assert (taken.limits.sign_s, taken.limits.sos_radius_m) == (90, 5000)
    assert taken.case is not None
    assert taken.case.url == "http://10.0.0.5:8081/cases"
