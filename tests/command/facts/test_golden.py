"""What any release wrote is read and folded by this one, and nobody changes a fact without seeing this (SPEC R265)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import inspect as mi

from command import facts, rules
from command.facts import KINDS, Fact, Recorded, UnreadableFactError, decode, encode, upcast
from command.facts.calls import CallAnswered, SituationNoted
from command.facts.patrol import UnitEnrolled
from command.kernel.release import NUMBER
from command.tables import Tables
from tests.paths import ROOT

GOLDEN = ROOT / "tests" / "golden"
RELEASES = sorted(GOLDEN.glob("facts-*.jsonl"))
"""A file for each release, a fact a line, in an order that folds. Lines of a release that is out are never changed."""


def newest() -> list[bytes]:
    """Return the lines of the release in work; facts added since the last one are added there."""
    path = GOLDEN / f"facts-{NUMBER}.jsonl"
    assert path.is_file(), (
        f"a new release: copy {RELEASES[-1].name} to {path.name}, and write its facts as they are now"
    )
    return path.read_bytes().splitlines()


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: str(path.stem))
def test_every_fact_of_every_release_is_read_and_folded(path: Path) -> None:
    tables = Tables()
    for seq, line in enumerate(path.read_bytes().splitlines(), start=1):
        fact = decode(line, seq)
        rules.fold(tables, Recorded(seq=seq, at_ms=1_700_000_000_000 + seq, actor="desk", fact=fact))
    tables.settle()
    assert tables.seq == seq


def test_this_release_writes_its_facts_as_it_says() -> None:
    """Fails where a field was renamed, removed, moved or given another type or default.

    Then bring the old shape into the new one (`command/facts/upcast.py`) if a release with it is out.
    """
    for seq, line in enumerate(newest(), start=1):
        assert encode(decode(line, seq)) == line, f"line {seq}: facts of this kind are now written in another way"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_there_is_an_example_of_every_kind_with_every_field(kind: str) -> None:
    """Fails where a kind or a field was added: add a line to the newest file that shows it."""
    raw = [each for each in map(msgspec.json.decode, newest()) if each["fact"] == kind]
    assert raw, f"no example of {kind}"
    shown = {path for each in raw for path in shown_in(each)}
    wanted = set(fields_of(mi.type_info(KINDS[kind]), ""))
    assert wanted - shown == set()


def shown_in(value: Any, at: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{at}.{name}"
            yield from shown_in(inner, f"{at}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from shown_in(inner, f"{at}[]")


def fields_of(kind: mi.Type, at: str) -> Iterator[str]:
    """Return the path of every field, of structs within it too."""
    match kind:
        case mi.Metadata(type=inner):
            yield from fields_of(inner, at)
        case mi.StructType(fields=fields):
            for field in fields:
                yield f"{at}.{field.encode_name}"
                yield from fields_of(field.type, f"{at}.{field.encode_name}")
        case mi.UnionType(types=types):
            for one in types:
                yield from fields_of(one, at)
        case mi.ListType(item_type=item) | mi.VarTupleType(item_type=item):
            yield from fields_of(item, f"{at}[]")
        case _:
            pass


def test_a_field_that_was_dropped_is_passed_over() -> None:
    """Before the first release a unit's devices were a field of it."""
    old = (
        b'{"fact":"unit_enrolled","unit":"u1","name":"n","kind":"patrol_car","service":"110","station":"st1",'
        b'"phone":"1","officers":[],"devices":["d1"]}'
    )
    assert decode(old, 1) == UnitEnrolled(
        unit="u1", name="n", kind="patrol_car", service="110", station="st1", phone="1", officers=[]
    )


@pytest.fixture
def upcasts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register kinds of a release that never was; they are gone after the test."""
    monkeypatch.setattr(upcast, "_upcasts", {})

    @upcast.upcasts("call_taken")
    def renamed_field(raw: upcast.Raw) -> upcast.Raw:
        return {"fact": "call_taken_2", "id": raw["number"]}

    @upcast.upcasts("call_taken_2")
    def renamed_kind(raw: upcast.Raw) -> upcast.Raw:
        return {"fact": "call_answered", "call": f"c{raw['id']}"}

    @upcast.upcasts("situation_noted")
    def split_field(raw: upcast.Raw) -> upcast.Raw:
        return {"fact": "situation_noted", "situation": raw["situation"], "text": " ".join(raw["lines"])}


@pytest.mark.parametrize(
    ("stored", "fact"),
    [
        (b'{"fact":"call_taken","number":7}', CallAnswered(call="c7")),
        (b'{"fact":"call_taken_2","id":7}', CallAnswered(call="c7")),
        (b'{"fact":"call_answered","call":"c7"}', CallAnswered(call="c7")),
        (b'{"fact":"situation_noted","situation":"s1","lines":["a","b"]}', SituationNoted(situation="s1", text="a b")),
        (b'{"fact":"situation_noted","situation":"s1","text":"a b"}', SituationNoted(situation="s1", text="a b")),
    ],
)
def test_an_old_fact_comes_out_as_a_new_one(upcasts: None, stored: bytes, fact: Fact) -> None:
    assert decode(stored, 3) == fact


def test_a_fact_that_needs_no_upcast_costs_none(upcasts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_decode_old", None)
    assert decode(encode(CallAnswered(call="c1")), 1) == CallAnswered(call="c1")


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (b'{"fact":"call_taken"}', "fact 9, a 'call_taken' of an earlier release, cannot be read"),
        (b'{"fact":"situation_noted","situation":1}', "fact 9, a 'situation_noted' of an earlier release"),
        (b'{"fact":"call_beamed_up"}', "fact 9 is a 'call_beamed_up', unknown to release .*: a newer release wrote it"),
        (b'{"fact":["call"]}', "fact 9 is damaged"),
        (b"{}", "fact 9 is damaged"),
        (b'{"fact":"call_ended","call":"c1"}', "fact 9, a 'call_ended', cannot be read by release .*outcome"),
        (b"[]", "fact 9 is damaged"),
        (b'{"fact":"call_ans', "fact 9 is damaged"),
        (b'{"fact":"call_answered","call":"\xff"}', "fact 9 is damaged"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_to_do(upcasts: None, stored: bytes, words: str) -> None:
    with pytest.raises(UnreadableFactError, match=words) as told:
        decode(stored, 9)
    assert told.value.extra == {"seq": 9}
