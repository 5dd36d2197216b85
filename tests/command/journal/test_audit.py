"""Whatever is done to the file behind the hub's back is found, and its place is named (SPEC R263, R264)."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from command.journal import Head
from command.journal.heads import HeadKey
from command.journal.signer import HeadSigner
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import VirtualClock
from command.kernel.limits import READ_FACTS
from consoles.cli.verify import Verdict, verify
from tests.command.journal.vouching import KEY, SPACE, append, change, entries, rechain, renumber, vouched_for

FACTS, LOOSE = 2400, 40
TAMPERING = settings(deadline=None, phases=(Phase.explicit, Phase.generate))
"""No shrinking: a failure names what was done and where already."""
HEADS = (1000, 1200, 2000, 2400)
"""Signed: each thousandth, and the end of each of the two halves."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that nothing was done to."""
    return vouched_for(tmp_path_factory.mktemp("whole"), FACTS, LOOSE).parent


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    """The journal in a copy of it."""
    return copy_of(whole, tmp_path)


def copy_of(whole: Path, folder: Path) -> Path:
    for name in ("journal.sqlite3", "anchor"):
        shutil.copyfile(whole / name, folder / name)
    return folder / "journal.sqlite3"


def check(path: Path, *, anchor: bool = False) -> Verdict:
    found = verify(path.parent, anchor=path.parent / "anchor" if anchor else None, public_key=KEY.public.hex())
    assert found.ok is not found.faults_total
    return found


def said(verdict: Verdict) -> str:
    return "\n".join(f"{fault.seq}: {fault.what}" for fault in verdict.faults)


def head_before(seq: int) -> int:
    return max((head for head in HEADS if head < seq), default=0)


def head_from(seq: int) -> int:
    return min(head for head in HEADS if head >= seq)


def rows(path: Path) -> list[list[Any]]:
    tables = ("facts", "answers", "signed_heads")
    with closing(sqlite3.connect(path)) as db:
        return [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables]


@pytest.mark.parametrize("anchor", [False, True])
def test_a_record_that_nobody_touched_is_whole(path: Path, anchor: bool) -> None:
    verdict = check(path, anchor=anchor)
    assert verdict.ok, said(verdict)
    assert (verdict.spaces, verdict.sealed) == ({SPACE: FACTS + LOOSE}, {SPACE: FACTS})
    assert (verdict.signed_heads, verdict.anchored_heads) == (len(HEADS), len(HEADS) if anchor else 0)
    assert verdict.public_key == KEY.public.hex()


ONE_FACT: dict[str, str] = {
    "a byte of it": "UPDATE facts SET data = CAST(substr(data, 1, 12) || X'7E' || substr(data, 14) AS BLOB)",
    "its instant": "UPDATE facts SET at_ms = at_ms + 1",
    "who did it": "UPDATE facts SET actor = actor || 'x'",
    "its digest": "UPDATE facts SET digest = zeroblob(32)",
    "its kind of value": "UPDATE facts SET data = 7",
    "text for its digest": "UPDATE facts SET digest = 'x'",
    "text that is none": "UPDATE facts SET actor = CAST(X'FF' AS TEXT)",
    "its place": "DELETE FROM facts",
}


@settings(TAMPERING, max_examples=30)
@given(st.data())
def test_one_changed_or_removed_fact_is_named(whole: Path, data: DataObject) -> None:
    what = data.draw(st.sampled_from(sorted(ONE_FACT)))
    seq = data.draw(st.integers(1, FACTS + LOOSE))
    with tempfile.TemporaryDirectory() as folder:
        path = copy_of(whole, Path(folder))
        change(path, f"{ONE_FACT[what]} WHERE seq = ?", seq)
        verdict = check(path)
    is_last_removed = what == "its place" and seq == FACTS + LOOSE
    assert verdict.first_fault_seq == seq, (what, said(verdict))
    assert is_last_removed or verdict.faults_total <= 3, said(verdict)  # and not one for each after it


@settings(TAMPERING, max_examples=15)
@given(st.integers(1, FACTS), st.data())
def test_two_facts_that_changed_places_are_named(whole: Path, first: int, data: DataObject) -> None:
    second = data.draw(st.integers(first + 1, FACTS + LOOSE))
    with tempfile.TemporaryDirectory() as folder:
        path = copy_of(whole, Path(folder))
        for old, new in ((first, -1), (second, first), (-1, second)):
            change(path, "UPDATE facts SET seq = ? WHERE seq = ?", new, old)
        assert check(path).first_fault_seq == first


@pytest.mark.parametrize("second", [FACTS - 1, FACTS + 1, FACTS + LOOSE])
def test_a_fact_at_a_signed_head_that_changed_its_place_is_named(path: Path, second: int) -> None:
    for old, new in ((FACTS, -1), (second, FACTS), (-1, second)):
        change(path, "UPDATE facts SET seq = ? WHERE seq = ?", new, old)
    assert check(path).first_fault_seq == min(FACTS, second)


@pytest.mark.parametrize("seq", [-3, 0, FACTS + LOOSE + 1, FACTS + LOOSE + 9])
def test_an_inserted_fact_is_named(path: Path, seq: int) -> None:
    change(path, "INSERT INTO facts SELECT space, ?, at_ms, actor, data, digest FROM facts WHERE seq = 5", seq)
    assert check(path).first_fault_seq == min(seq, FACTS + LOOSE + 1)


CUTS: dict[str, tuple[str, ...]] = {
    "facts alone": ("facts",),
    "facts and answers": ("facts", "answers"),
    "facts, answers and heads": ("facts", "answers", "signed_heads"),
}


@settings(TAMPERING, max_examples=15)
@given(st.sampled_from(sorted(CUTS)), st.integers(0, FACTS - 1))
def test_facts_cut_off_are_named_by_what_is_left_of_them(whole: Path, what: str, last: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = copy_of(whole, Path(folder))
        for table in CUTS[what]:
            change(path, f"DELETE FROM {table} WHERE seq > ?", last)
        verdict = check(path, anchor="signed_heads" in CUTS[what])
    assert f"{last + 1}: cut off: facts up to {FACTS} were signed" in said(verdict)
    assert (verdict.first_fault_seq or 0) >= last


def changed_by_who_has_the_file(path: Path, what: str, seq: int) -> None:
    """Change, remove or insert a fact, and make numbers and digests right again."""
    if what == "changed":
        change(path, "UPDATE facts SET actor = 'somebody' WHERE seq = ?", seq)
    elif what == "removed":
        with closing(sqlite3.connect(path)) as db, db:
            (answer,) = db.execute("SELECT min(seq) FROM answers WHERE seq >= ?", (seq,)).fetchone()
            (before,) = db.execute("SELECT coalesce(max(seq), 0) FROM answers WHERE seq < ?", (seq,)).fetchone()
            db.execute("DELETE FROM facts WHERE seq > ? AND seq <= ?", (before, answer))
            db.execute("DELETE FROM answers WHERE seq = ?", (answer,))
        renumber(path)
    rechain(path)


@settings(TAMPERING, max_examples=15)
@given(st.sampled_from(["changed", "removed"]), st.integers(1, FACTS - 3))
def test_a_rewritten_chain_is_named_between_two_heads(whole: Path, what: str, seq: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = copy_of(whole, Path(folder))
        changed_by_who_has_the_file(path, what, seq)
        verdict = check(path)
        # Removing heads hides it from who has only the file, and not from who has the anchor.
        change(path, "DELETE FROM signed_heads WHERE seq > ?", head_before(seq))
        outside = check(path, anchor=True)
    first = head_before(seq) + 1
    for found in (verdict, outside):
        assert f"{first}: rewritten: the facts {first} to " in said(found), said(found)
        assert found.first_fault_seq is not None
        assert found.first_fault_seq <= seq
    assert verdict.sealed == {SPACE: head_before(seq)}


def test_a_chain_rewritten_and_signed_anew_does_not_pass(path: Path) -> None:
    change(path, "UPDATE facts SET actor = 'somebody' WHERE seq = 1500")
    rechain(path)
    forger = HeadKey(b"f" * 32)
    with closing(sqlite3.connect(path)) as db, db:
        for seq in HEADS:
            ((digest,),) = db.execute("SELECT digest FROM facts WHERE seq = ?", (seq,))
            forged = forger.sign(SPACE, Head(seq=seq, digest=digest), b"", 5)
            db.execute(
                "UPDATE signed_heads SET digest = ?, signature = ? WHERE seq = ?", (digest, forged.signature, seq)
            )
    assert check(path).first_fault_seq == 1
    assert "not what this key signed" in said(check(path))
    assert "1201: rewritten" in said(check(path, anchor=True))


@pytest.mark.parametrize("seq", HEADS)
def test_a_removed_head_is_missed(path: Path, seq: int) -> None:
    change(path, "DELETE FROM signed_heads WHERE seq = ?", seq)
    assert f"{seq}: the signed head of this number was removed" in said(check(path, anchor=True))
    # Without the anchor, a thousandth that has others after it is missed too.
    assert check(path).ok is (seq % 1000 != 0)


def test_all_heads_removed_are_missed_without_an_anchor_too(path: Path) -> None:
    change(path, "DELETE FROM signed_heads")
    verdict = check(path)
    assert verdict.first_fault_seq == 1
    assert "no signed head vouches for the facts from 1 on" in said(verdict)


@pytest.mark.parametrize("change_of_it", ["at_ms = at_ms + 1", "signature = zeroblob(64)", "signature = 5"])
def test_an_altered_head_is_found(path: Path, change_of_it: str) -> None:
    change(path, f"UPDATE signed_heads SET {change_of_it} WHERE seq = 1200")
    assert "1001: altered: the signed head 1200" in said(check(path))
    change(path, "UPDATE signed_heads SET digest = zeroblob(32) WHERE seq = 2000")
    assert "1001: rewritten: the facts 1001 to 2000, or the head 2000" in said(check(path))


ANSWERS: dict[str, str] = {
    "its key": "UPDATE answers SET key = key || 'x'",
    "its subject": "UPDATE answers SET subject = 's1234'",
    "its number": "UPDATE answers SET seq = seq - 1",
    "itself": "DELETE FROM answers",
    "a number that is none": "UPDATE answers SET seq = 'x'",
}


@settings(TAMPERING, max_examples=25)
@given(st.sampled_from(sorted(ANSWERS)), st.integers(2, FACTS), st.booleans())
def test_an_altered_answer_is_found_up_to_the_last_head(whole: Path, what: str, near: int, anchor: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = copy_of(whole, Path(folder))
        with closing(sqlite3.connect(path)) as db:
            (seq,) = db.execute("SELECT max(seq) FROM answers WHERE seq <= ?", (near,)).fetchone() or (None,)
        if seq is None or (what == "its number" and head_before(seq) != head_before(seq - 1)):
            return
        change(path, f"{ANSWERS[what]} WHERE seq = ?", seq)
        verdict = check(path, anchor=anchor)
    first = head_before(seq) + 1
    assert verdict.first_fault_seq is not None, what
    assert verdict.first_fault_seq <= seq
    assert f"an answer to the facts {first} to {head_from(seq)}" in said(verdict), said(verdict)
    assert verdict.sealed[SPACE] == FACTS or head_from(seq) == FACTS


def test_answers_that_changed_places_are_found(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        first, second = db.execute(
            "SELECT subject FROM answers WHERE seq IN (5, 6, 7, 8) ORDER BY seq LIMIT 2"
        ).fetchall()
        for old, new in ((first, ("?",)), (second, first), (("?",), second)):
            assert db.execute("UPDATE answers SET subject = ? WHERE subject = ?", (*new, *old)).rowcount == 1
    assert "1: altered: an answer to the facts 1 to 1000 was changed" in said(check(path, anchor=True))
    assert "1: altered: the signed head 1000" in said(check(path))


def test_a_second_answer_for_a_fact_and_one_for_none_are_found_after_the_last_head_too(path: Path) -> None:
    change(path, "INSERT INTO answers VALUES ('live', 'invented', ?, 's1')", FACTS + LOOSE + 1)
    assert check(path).first_fault_seq == FACTS + LOOSE + 1
    change(path, "UPDATE answers SET seq = ? WHERE key = 'invented'", FACTS + LOOSE)
    verdict = check(path)
    assert verdict.first_fault_seq == FACTS + LOOSE
    assert "a second answer names it" in said(verdict)


def test_the_answer_to_the_last_facts_is_missed_though_nobody_signed_it_yet(path: Path) -> None:
    """Who asks again with its key would do it a second time."""
    change(path, "DELETE FROM answers WHERE seq = ?", FACTS + LOOSE)
    verdict = check(path)
    assert verdict.first_fault_seq == FACTS + LOOSE
    assert "they have no answer" in said(verdict)


def test_a_second_answer_to_the_last_fact_of_a_page_is_found(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    asyncio.run(_fill_a_page(path))
    assert check(path).first_fault_seq is None
    change(path, "INSERT INTO answers VALUES ('live', 'zzz', ?, 's1')", READ_FACTS)
    assert f"{READ_FACTS}: altered: a second answer names it" in said(check(path))


async def _fill_a_page(path: Path) -> None:
    """Write just as many facts as are read at once, each with an answer of its own, and sign the last of them."""
    journal = SqliteJournal(path)
    await append(journal, [entries(seq, 1)[0] for seq in range(1, READ_FACTS + 1)])
    signer = HeadSigner(SPACE, journal, KEY, VirtualClock(5000))
    await signer.resume()
    await signer.stop()
    await journal.close()


@settings(TAMPERING, max_examples=50)
@given(st.data())
def test_a_flipped_byte_of_the_file_is_found_or_means_nothing(whole: Path, data: DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = copy_of(whole, Path(folder))
        raw = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(raw)
        verdict = check(path, anchor=True)
        if verdict.ok:
            assert rows(path) == rows(whole / "journal.sqlite3")


def test_a_schema_that_is_no_text_is_told(path: Path) -> None:
    raw = path.read_bytes()
    assert b"tableanswersanswers" in raw
    path.write_bytes(
        raw.replace(b"tableanswersanswers", b"table\xcbnswersanswers").replace(b"TABLE answers", b"TABEL answers")
    )
    verdict = check(path)
    assert not verdict.ok
    assert "cannot be read on" in said(verdict)


Anchored = Callable[[Callable[[list[bytes]], list[bytes]]], Verdict]


@pytest.fixture
def anchor(path: Path) -> Anchored:
    """Change the lines of the anchor, then verify."""

    def changed(how: Callable[[list[bytes]], list[bytes]]) -> Verdict:
        file = path.parent / "anchor"
        file.write_bytes(b"".join(how(file.read_bytes().splitlines(keepends=True))))
        return check(path, anchor=True)

    return changed


def test_lines_of_several_hubs_in_any_order_are_no_fault(anchor: Anchored) -> None:
    verdict = anchor(lambda lines: [*reversed(lines), *lines])
    assert (verdict.ok, verdict.anchored_heads) == (True, 2 * len(HEADS))


def test_a_torn_line_is_told_and_no_fault(anchor: Anchored) -> None:
    verdict = anchor(lambda lines: [lines[0][:50], b"\n", *lines[1:], b"\xff{\n", b"x" * 10_000 + b"\n"])
    assert (verdict.ok, verdict.anchored_heads) == (True, len(HEADS) - 1)
    assert verdict.anchor_lines_unreadable == 5


def test_a_forged_line_is_a_fault(anchor: Anchored) -> None:
    verdict = anchor(lambda lines: [lines[0].replace(b'"seq":1000', b'"seq":1001'), *lines[1:]])
    assert "line 1 of the anchor was not signed" in said(verdict)


def test_an_anchor_of_another_site_does_not_pass(path: Path) -> None:
    other = HeadKey(b"o" * 32).public.hex()
    verdict = verify(path.parent, anchor=path.parent / "anchor", public_key=other)
    assert "line 1 of the anchor is signed with another key" in said(verdict)
    assert "the anchor holds no head" in said(verdict)


def test_without_a_key_the_anchor_s_own_serves(path: Path) -> None:
    assert verify(path.parent, anchor=path.parent / "anchor").ok
    assert "cannot be checked" in said(verify(path.parent))
