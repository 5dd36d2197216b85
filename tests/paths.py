"""Where tests find the real material, which never becomes part of the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def shared(relative: str) -> Path:
    """Return a file of the test material; skip where it is absent, except in CI, where that is a failure."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"test material is not beside this checkout: {relative}")
    return path
