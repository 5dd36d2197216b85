"""Something mounted for the time of a test."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

Mount = Callable[..., Path]
"""Takes the words of the command, without the folder, and returns that."""


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mount something on a new folder for the time of the test; whoever may not mount goes without it."""
    with ExitStack() as stack:

        def on(*words: object) -> Path:
            folder = tmp_path / "machine" / "disk"
            folder.mkdir(parents=True)
            done = subprocess.run(["mount", *map(str, words), folder], check=False, capture_output=True)
            if done.returncode:
                pytest.skip(f"nothing can be mounted here: {done.stderr.decode().strip()}")
            stack.callback(lambda: subprocess.run(["umount", folder], check=True))
            return folder

        yield on
