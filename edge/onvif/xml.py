"""XML of devices that nobody vouches for: no document type, no entities, bounded size and depth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from command.kernel.errors import InvalidInputError, TooLargeError
from edge.limits import ONVIF_ANSWER_BYTES, XML_DEPTH, XML_ELEMENTS


class Element:
    """An element by its local name: devices disagree about prefixes and versions of namespaces, not about names."""

    __slots__ = ("attributes", "children", "name", "namespace", "text")

    def __init__(self, namespace: str, name: str, attributes: dict[str, str]) -> None:
        self.namespace = namespace
        """Empty where it has none, or its prefix was never bound."""
        self.name = name
        self.attributes = attributes
        self.text = ""
        """What stands directly in it, without white space around it."""
        self.children: list[Element] = []

    def all(self, *path: str) -> Iterator[Element]:
        """Yield the descendants at a path of local names."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:])

    def find(self, *path: str) -> Element | None:
        """Return the first one at the path."""
        return next(self.all(*path), None)

    def value(self, *path: str) -> str:
        """Return the text of the first one at the path; empty where there is none."""
        found = self.find(*path)
        return found.text if found is not None else ""

    def within(self) -> Iterator[Element]:
        """Yield this one and all below it, in document order."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))


def parse(document: bytes) -> Element:
    """Return the root of a document.

    Raises `TooLargeError` past `ONVIF_ANSWER_BYTES`, and `InvalidInputError` for what is not well-formed XML 1.0, has a
    document type (the only way to entities), or more or deeper elements than `XML_ELEMENTS` and `XML_DEPTH`.
    """
    if len(document) > ONVIF_ANSWER_BYTES:
        raise TooLargeError(f"more than {ONVIF_ANSWER_BYTES} bytes of XML")
    builder = _Builder()
    parser = expat.ParserCreate()  # prefixes are ours to resolve: some cameras use ones that they never bound
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, UnicodeError, LookupError, ValueError) as error:
        raise InvalidInputError(f"not well-formed XML: {error}") from None
    assert builder.root is not None, "expat takes no document without a root"
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[tuple[Element, list[str], dict[str, str]]] = []
        self._elements = 0

    def doctype(self, *_said: Any) -> None:
        raise InvalidInputError("XML with a document type is refused")

    def start(self, qualified: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > XML_ELEMENTS or len(self._open) >= XML_DEPTH:
            raise InvalidInputError(f"XML of more than {XML_ELEMENTS} elements or {XML_DEPTH} levels is refused")
        bound = {key[5:].lstrip(":"): value for key, value in attributes.items() if _binds(key)}
        prefix, _, name = qualified.rpartition(":")
        said = {key.rpartition(":")[2]: value for key, value in attributes.items() if not _binds(key)}
        element = Element("", name, said)
        if self._open:
            self._open[-1][0].children.append(element)
        else:
            self.root = element
        self._open.append((element, [], bound))
        element.namespace = next((scope[prefix] for _, _, scope in reversed(self._open) if prefix in scope), "")

    def end(self, _name: str) -> None:
        element, texts, _ = self._open.pop()
        element.text = "".join(texts).strip()

    def text(self, data: str) -> None:
        self._open[-1][1].append(data)


def _binds(attribute: str) -> bool:
    """Say whether an attribute binds a prefix, or what has none, to a namespace."""
    return attribute.partition(":")[0] == "xmlns"
