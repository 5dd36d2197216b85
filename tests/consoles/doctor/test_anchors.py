"""What the doctor says of the places that keep signed heads (SPEC R1200)."""

from __future__ import annotations

from pathlib import Path

import pytest

from command.journal.anchors import is_in_the_clear
from consoles.doctor import anchors
from tests.ports import free_port


@pytest.mark.parametrize(
    ("place", "clear"),
    [
        ("http://anchor.county.example/heads", True),
        ("http://10.0.0.9:8443/", True),
        ("http://[2001:db8::9]/", True),
        ("http://[/", True),
        ("http://localhost.county.example/", True),
        ("http://127.0.0.1:9000/heads", False),
        ("http://[::1]:9000/", False),
        ("http://localhost:9000/", False),
        ("https://anchor.county.example/heads", False),
        ("/mnt/anchor/heads", False),
    ],
)
def test_plain_http_is_in_the_clear_unless_it_stays_on_the_machine(place: str, *, clear: bool) -> None:
    assert is_in_the_clear(place) is clear


async def test_an_address_in_the_clear_a_missing_folder_and_a_silent_service_are_named(tmp_path: Path) -> None:
    closed = free_port()
    places = ["http://10.0.0.9/", f"{tmp_path}/heads", f"{tmp_path}/none/heads", f"https://127.0.0.1:{closed}/"]
    found = await anchors.examine(places, 0)
    assert [(one.check, one.verdict) for one in found] == [
        ("anchor 1", "warn"), ("anchor 2", "ok"), ("anchor 3", "warn"), ("anchor 4", "warn")
    ]  # fmt: skip
    assert "unencrypted" in found[0].what.en
    assert str(tmp_path / "none") in found[2].what.en
    assert list(tmp_path.iterdir()) == []
