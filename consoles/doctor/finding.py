"""What a check found, in both languages."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from consoles.observe.redaction import redacted

Language = Literal["en", "zh"]
Verdict = Literal["ok", "warn", "fail"]


class Words(NamedTuple):
    """The same said in English and in Chinese."""

    en: str
    zh: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found; `todo` says what helps where it is not ok."""

    check: str
    verdict: Verdict
    what: Words
    todo: Words = Words("", "")

    def told(self, language: Language) -> dict[str, str]:
        """Return it in one language, without any secret."""
        what, todo = redacted(getattr(self.what, language)), redacted(getattr(self.todo, language))
        return {"check": self.check, "verdict": self.verdict, "what": what, "todo": todo}


def ok(check: str, en: str, zh: str) -> Finding:
    """Return that all is well."""
    return Finding(check=check, verdict="ok", what=Words(en, zh))


def bad(check: str, verdict: Literal["warn", "fail"], what: Words, todo: Words) -> Finding:
    """Return that something is not, and what helps."""
    return Finding(check=check, verdict=verdict, what=what, todo=todo)
