"""MANSCDP: the small XML of GB/T 28181, in GB18030 or UTF-8, read without document types or entities."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias
from xml.parsers import expat
from xml.sax.saxutils import escape

import msgspec

from command.kernel.chinese import is_chinese
from command.kernel.errors import InvalidInputError
from edge.limits import GB28181_TEXT_CHARS, GB28181_XML_DEPTH, GB28181_XML_ELEMENTS

CONTENT_TYPE = "Application/MANSCDP+xml"
_DECLARATION = re.compile(rb"^\s*<\?xml[^>]{0,200}?>")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9\-_]{1,20})[\"']", re.IGNORECASE)
# What XML 1.0 cannot hold: devices leave such bytes behind in names that they cut off.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);)")
"""An ampersand that stands for itself, as people type it into names."""
_SURELY = 0x2000
"""From here on in Unicode; a dot as in a foreign name is also the two bytes of 路."""

Fields: TypeAlias = Iterable[tuple[str, "str | int | float | Fields"]]
"""Elements to be written, in order: a name with its text, or with the elements inside it."""


class ManscdpError(InvalidInputError):
    """A body is not the XML that it should be, or breaks a limit."""

    code = "bad_manscdp"


class Element(msgspec.Struct):
    """An element with its text, without blanks around it, and what is inside it."""

    name: str
    text: str = ""
    inside: list[Element] = []

    def child(self, name: str) -> Element | None:
        """Return the first element of that name inside this one."""
        return next((each for each in self.inside if each.name == name), None)

    def said(self, name: str) -> str:
        """Return the text of the element of that name, cut to `GB28181_TEXT_CHARS`; empty where there is none."""
        found = self.child(name)
        return found.text[:GB28181_TEXT_CHARS] if found else ""

    def number(self, name: str) -> float | None:
        """Return the finite number of that name; None where there is none."""
        try:
            value = float(self.said(name))
        except ValueError:
            return None
        return value if abs(value) < 1e15 else None

    def whole(self, name: str) -> int | None:
        """Return the whole number of that name; None where there is none."""
        value = self.number(name)
        return int(value) if value is not None and value == int(value) else None

    def each(self, name: str) -> Iterator[Element]:
        """Return the elements of that name inside this one."""
        return (each for each in self.inside if each.name == name)


def decode(body: bytes) -> str:
    """Return the text of a body without its declaration.

    Declared GB2312 means GB18030, which holds it, unless the body is UTF-8 with Chinese in it: it may be GB18030 too,
    of other characters. What does not decode as declared is tried as the other, and at last read with replacements: a
    name that cannot be shown must not lose the camera.
    """
    declaration = _DECLARATION.match(body)
    declared = _ENCODING.search(declaration[0]) if declaration else None
    body = body[declaration.end() :] if declaration else body
    as_utf8, as_gb = _decoded(body, "utf-8"), _decoded(body, "gb18030")
    says_gb = declared is not None and declared[1].lower().startswith(b"gb")
    if says_gb and as_gb is not None and not (as_utf8 and max(as_utf8) >= chr(_SURELY) and is_chinese(as_utf8)):
        return as_gb
    for text in (as_utf8, as_gb):
        if text is not None:
            return text.removeprefix("\ufeff")
    return body.decode("gb18030" if says_gb else "utf-8", errors="replace")


def _decoded(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        return None


def parse(body: bytes) -> Element:
    """Return the outermost element. Raises `ManscdpError`, also for any document type, which alone makes entities."""
    text = _NOT_XML.sub("", decode(body)).strip()
    try:
        return _parsed(text)
    except expat.ExpatError as error:
        mended = _BARE.sub("&amp;", text)
        if mended == text:
            raise ManscdpError(f"the body is not XML: {error}") from error
    try:
        return _parsed(mended)
    except expat.ExpatError as error:
        raise ManscdpError(f"the body is not XML: {error}") from error


def _parsed(text: str) -> Element:
    builder = _Builder()
    parser = expat.ParserCreate("UTF-8")
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.buffer_text = True
    parser.Parse(text.encode(), True)
    assert builder.root is not None, "expat takes nothing without an element"
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        del attributes
        self._count += 1
        if self._count > GB28181_XML_ELEMENTS or len(self._open) >= GB28181_XML_DEPTH:
            raise ManscdpError("the body has too many elements, or too deep ones")
        element = Element(name)
        if self._open:
            self._open[-1].inside.append(element)
        else:
            self.root = element
        self._open.append(element)

    def data(self, text: str) -> None:
        self._open[-1].text += text

    def end(self, name: str) -> None:
        del name
        element = self._open.pop()
        element.text = element.text.strip()

    def refuse(self, *_: object) -> None:
        raise ManscdpError("the body has a document type, which none of ours needs")


def write(root: str, fields: Fields, *, encoding: str = "GB2312") -> bytes:
    """Return a body: declared GB2312 (2016) or GB18030 (2022), written in GB18030 either way."""
    text = f'<?xml version="1.0" encoding="{encoding}"?>\r\n<{root}>\r\n{_written(fields)}</{root}>\r\n'
    return text.encode("gb18030")


def _written(fields: Fields) -> str:
    lines = []
    for name, value in fields:
        inner = escape(str(value)) if isinstance(value, str | int | float) else f"\r\n{_written(value)}"
        lines.append(f"<{name}>{inner}</{name}>\r\n")
    return "".join(lines)
