"""Refuses to build a wheel without the pages, which `make setup` builds; an editable install takes them as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PagesHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's configuration type is its own business
    """Looks for the built pages."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fail a real build that has no pages."""
        if version != "editable" and not (Path(self.root) / "consoles/web/dist/wall.html").is_file():
            raise RuntimeError("the pages are not built: run `make setup` first")
