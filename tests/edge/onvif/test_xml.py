"""XML of strangers is bounded and brings nothing in (SPEC R345)."""

from __future__ import annotations

from contextlib import suppress

import pytest

from command.kernel.errors import InvalidInputError, TooLargeError
from edge.limits import ONVIF_ANSWER_BYTES, XML_DEPTH, XML_ELEMENTS
from edge.onvif.xml import parse

_LAUGHS = b"""<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><l>&c;</l>"""


def test_elements_are_found_by_their_local_names_with_their_own_text() -> None:
    root = parse(b'<a:x xmlns:a="u:1"><y k="1"> one<z/> two </y><a:y>three</a:y><w><a:y>deep</a:y></w></a:x>')

    assert (root.namespace, root.name) == ("u:1", "x")
    assert [y.text for y in root.all("y")] == ["one two", "three"]
    assert root.value("w", "y") == "deep"
    assert root.value("w", "none") == ""
    first = root.find("y")
    assert first is not None
    assert first.attributes == {"k": "1"}
    assert first.namespace == ""
    assert [e.name for e in root.within()] == ["x", "y", "z", "y", "w", "y"]


def test_prefixes_mean_what_is_bound_nearest_and_may_be_unbound() -> None:
    root = parse(b'<r xmlns="d" xmlns:p="1"><p:a xmlns:p="2"><p:b/></p:a><p:a/><q:c q:k="v"/><e xmlns=""/></r>')

    assert [(e.name, e.namespace) for e in root.within()] == [
        ("r", "d"), ("a", "2"), ("b", "2"), ("a", "1"), ("c", ""), ("e", ""),
    ]  # fmt: skip
    assert root.children[2].attributes == {"k": "v"}
    assert root.attributes == {}


@pytest.mark.parametrize(
    "document",
    [
        _LAUGHS,
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]><x/>',
        b"<x>&undefined;</x>",
        b"",
        b"<x>",
        b"<x></y>",
        b"<x/><y/>",
        b"\x00\xff" * 50,
        b'<?xml version="1.0" encoding="no-such"?><x/>',
        b'<?xml version="1.0" encoding="utf-8"?><x>\xff\xfe</x>',
        b"<a>" * (XML_DEPTH + 1) + b"</a>" * (XML_DEPTH + 1),
        b"<a>" + b"<b/>" * XML_ELEMENTS + b"</a>",
    ],
)
def test_hostile_documents_are_refused(document: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse(document)


def test_a_document_past_the_limit_is_not_looked_at() -> None:
    with pytest.raises(TooLargeError):
        parse(b"<x>" + b" " * ONVIF_ANSWER_BYTES + b"</x>")


def test_a_document_at_the_limits_is_taken() -> None:
    assert len(parse(b"<a>" + b"<b/>" * (XML_ELEMENTS - 1) + b"</a>").children) == XML_ELEMENTS - 1
    assert parse(b"<a>" * XML_DEPTH + b"</a>" * XML_DEPTH).name == "a"


def test_every_cut_and_every_flipped_byte_is_an_error_or_a_document() -> None:
    whole = b'<s:E xmlns:s="u"><s:Body a="1">text &amp; more</s:Body></s:E>'
    for i in range(len(whole)):
        for broken in (whole[:i], whole[:i] + bytes([whole[i] ^ 0x15]) + whole[i + 1 :]):
            with suppress(InvalidInputError):
                assert parse(broken).name
