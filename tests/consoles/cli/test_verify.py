"""`triune verify` finds whatever was done to the record behind the hub's back, and says where it begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from command.kernel.errors import InvalidInputError
from consoles.cli import verify
from tests.consoles.cli.asking import command
from tests.consoles.cli.recording import Left, left_behind


@pytest.fixture
def left(tmp_path: Path) -> Left:
    return left_behind(tmp_path)


def check(left: Left, capsys: pytest.CaptureFixture[str]) -> tuple[int, int | None, str]:
    """Return exit code, number of the first fault, and the lines."""
    code, lines, verdict = command(verify, capsys, "verify", "--data", left.data)
    assert verdict["ok"] is (code == 0)
    return code, verdict["first_fault_seq"], "\n".join(lines)


def test_an_untouched_record_is_whole(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, verdict = command(verify, capsys, "verify", "--data", left.data)
    assert (code, lines) == (0, [])
    assert (verdict["spaces"], verdict["blobs"]) == ({"live": left.last_seq}, 1)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE facts SET data = CAST(replace(CAST(data AS TEXT), '\"fact\"', ' \"fact\"') AS BLOB) WHERE seq = ?",
        "UPDATE facts SET at_ms = at_ms + 1 WHERE seq = ?",
        "UPDATE facts SET actor = 'somebody' WHERE seq = ?",
        "UPDATE facts SET digest = zeroblob(32) WHERE seq = ?",
    ],
)
def test_an_altered_fact_is_found(left: Left, capsys: pytest.CaptureFixture[str], change: str) -> None:
    left.alter(change, 20)
    code, seq, lines = check(left, capsys)
    assert (code, seq) == (1, 20)
    assert "live 20: altered" in lines


def test_a_fact_that_cannot_be_read_is_found(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    left.alter("UPDATE facts SET data = ? WHERE seq = 20", b'{"fact":"unheard_of"}')
    code, seq, lines = check(left, capsys)
    assert (code, seq) == (1, 20)
    assert "live 20: unreadable" in lines


def test_a_removed_fact_leaves_a_gap(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    left.alter("DELETE FROM facts WHERE seq = 20")
    code, seq, lines = check(left, capsys)
    assert (code, seq) == (1, 20)
    assert "missing: after 19 comes 21" in lines


def test_facts_cut_off_at_the_end_are_missed_by_their_answers(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    left.alter("DELETE FROM facts WHERE seq > ?", left.last_seq - 2)
    code, seq, lines = check(left, capsys)
    assert code == 1
    assert seq is not None
    assert seq > left.last_seq - 2
    assert "given as the answer" in lines


def test_an_inserted_fact_is_found(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    copy = "INSERT INTO facts SELECT space, ?, at_ms, actor, data, digest FROM facts WHERE seq = ?"
    left.alter(copy, left.last_seq + 1, left.last_seq)
    code, seq, lines = check(left, capsys)
    assert (code, seq) == (1, left.last_seq + 1)
    assert "altered" in lines
    assert "they have no answer" in lines


def test_a_file_torn_by_a_broken_disk_is_told_and_not_raised(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    whole = left.journal.read_bytes()
    left.journal.write_bytes(whole[: len(whole) // 2])
    assert check(left, capsys)[0] == 1
    left.journal.write_bytes(whole[:8192] + b"\xff" * 4096 + whole[12288:])
    assert check(left, capsys)[0] == 1
    left.journal.write_bytes(b"not a database at all" * 100)
    assert check(left, capsys)[0] == 1


def test_damaged_and_missing_evidence_is_found(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    blob = left.data / "blobs" / left.picture[:2] / left.picture
    sealed = blob.read_bytes()
    blob.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    code, _, lines = check(left, capsys)
    assert code == 1
    assert f"evidence {left.picture}: damaged" in lines
    blob.unlink()
    code, _, lines = check(left, capsys)
    assert code == 1
    assert f"evidence {left.picture}: missing" in lines


def test_evidence_without_its_key_is_told_and_no_key_is_made(left: Left, capsys: pytest.CaptureFixture[str]) -> None:
    (left.data / "site.key").unlink()
    code, _, lines = check(left, capsys)
    assert code == 1
    assert "site key is missing" in lines
    assert not (left.data / "site.key").exists()


def test_a_folder_without_a_journal_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidInputError, match="no journal"):
        command(verify, capsys, "verify", "--data", tmp_path)
