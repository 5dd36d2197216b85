"""Which release this is: the number of the product, and the commit that its files are of.

Also run by itself by whoever builds a wheel (`tool.hatch.version` in pyproject.toml): nothing of ours is imported.
"""

from __future__ import annotations

import os
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

NUMBER = "0.1.0"
"""Raised by hand, with a file of golden facts for it (SPEC R265). Commits after it count by themselves."""
UNKNOWN = f"{NUMBER}+unknown"
"""Of files that no version control knows."""
_HERE = Path(__file__).resolve()
_ROOT = _HERE.parents[2]


@cache
def release() -> str:
    """Return it, such as `0.1.0.post1159+g152e0a7d3b1c` (PEP 440); as these files were when it was first asked.

    An installed wheel has it from when it was made. A checkout is looked at now: what was written down when it was
    installed is of another commit by then.
    """
    try:
        installed = distribution("triune")
    except PackageNotFoundError:
        return of_checkout(_ROOT)
    ours = Path(str(installed.locate_file(_HERE.relative_to(_ROOT)))).resolve() == _HERE
    return installed.version if ours else of_checkout(_ROOT)


def of_checkout(root: Path = _ROOT) -> str:
    """Return the release that the files in `root` are: `UNKNOWN` without its own repository, or without git.

    Commits are counted, so that a later release has a higher number; a shallow clone cannot count and leaves it out.
    `.dirty` says that files were changed since that commit.
    """
    if not (root / ".git").exists():  # or git would tell of a repository further up, in which this one only lies
        return UNKNOWN
    try:
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        is_shallow = _git(root, "rev-parse", "--is-shallow-repository") == "true"
        after = "" if is_shallow else f".post{_git(root, 'rev-list', '--count', 'HEAD')}"
        is_changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):  # no git here, or no right to ask it (safe.directory)
        return UNKNOWN
    return f"{NUMBER}{after}+g{commit}{'.dirty' if is_changed else ''}"


def _git(root: Path, *words: str) -> str:
    # A git hook sets where "its" repository is; and whoever commits here must not wait for a lock of ours.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(  # noqa: S603 - words of ours alone
        ["git", "--no-optional-locks", "-C", str(root), *words],  # noqa: S607 - wherever it is installed
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()
