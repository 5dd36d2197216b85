"""Which release runs: what an installed one says, and a checkout, a changed one, a shallow one and bare files."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.version import Version

from command.kernel.release import NUMBER, UNKNOWN, of_checkout
from tests.paths import ROOT

MODULE = Path("command/kernel/release.py")
WHICH = "import sys; sys.path[:0] = sys.argv[1:]; from command.kernel.release import release; print(release())"


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=n", "-c", "user.email=n@example", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *who, "-C", str(folder), *words], check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=m")
    return git(folder, "rev-parse", "--short=12", "HEAD")


def with_module(folder: Path) -> Path:
    (folder / MODULE.parent).mkdir(parents=True)
    for package in (MODULE.parent, MODULE.parent.parent):  # else those of the tests' own path go before
        (folder / package / "__init__.py").touch()
    shutil.copy(ROOT / MODULE, folder / MODULE)
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository of two commits with the module that asks about it."""
    folder = with_module(tmp_path / "checkout")
    git(folder, "init", "--quiet")
    commit(folder)
    commit(folder)
    return folder


def installed(folder: Path, version: str) -> Path:
    """Return a folder of installed libraries that says this of `triune`."""
    about = folder / f"triune-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.4\nName: triune\nVersion: {version}\n", encoding="utf-8")
    return folder


def said_by(*path: Path) -> str:
    """Return what a process says whose modules are looked for there first."""
    return subprocess.run(
        [sys.executable, "-I", "-c", WHICH, *map(str, path)], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_release_names_its_commit_and_a_later_one_has_a_higher_number(checkout: Path) -> None:
    """R1227."""
    before, commit_before = of_checkout(checkout), git(checkout, "rev-parse", "--short=12", "HEAD")
    commit_after, after = commit(checkout), of_checkout(checkout)
    assert before == f"{NUMBER}.post2+g{commit_before}"
    assert after == f"{NUMBER}.post3+g{commit_after}"
    assert Version(NUMBER) < Version(before) < Version(after), "so that pip takes it for another one"


def test_files_that_were_changed_are_no_commit(checkout: Path) -> None:
    """R1227."""
    clean = of_checkout(checkout)
    (checkout / "triune.toml").write_text("of the operator's, and not of the release", encoding="utf-8")
    assert of_checkout(checkout) == clean
    (checkout / MODULE).write_text("# changed\n", encoding="utf-8")
    assert of_checkout(checkout) == f"{clean}.dirty"


def test_a_shallow_clone_does_not_count(checkout: Path, tmp_path: Path) -> None:
    """R1227: it would call itself older than it is."""
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", checkout.as_uri(), str(shallow))
    assert of_checkout(shallow) == f"{NUMBER}+g{git(checkout, 'rev-parse', '--short=12', 'HEAD')}"


def test_files_that_no_version_control_knows_say_so(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R1227: also within another repository, before the first commit, and without git."""
    copied = checkout / "vendored"
    (copied / MODULE.parent).mkdir(parents=True)
    assert of_checkout(copied) == UNKNOWN
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    git(fresh, "init", "--quiet")
    assert of_checkout(fresh) == UNKNOWN
    monkeypatch.setenv("PATH", str(tmp_path))
    assert of_checkout(checkout) == UNKNOWN


def test_a_hook_of_another_repository_changes_nothing(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R1227."""
    clean = of_checkout(checkout)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert of_checkout(checkout) == clean


def test_what_is_installed_says_what_it_was_made_of(checkout: Path) -> None:
    """R1228: wherever it lies."""
    site = installed(checkout / "venv" / "site-packages", "9.9.post7+gabc")
    assert said_by(with_module(site)) == "9.9.post7+gabc"


def test_a_checkout_is_looked_at_when_it_runs(checkout: Path, tmp_path: Path) -> None:
    """R1228: not when it was installed, which was commits ago."""
    site = installed(tmp_path / "site-packages", "9.9.post7+gabc")
    assert said_by(checkout, site) == of_checkout(checkout)
    commit(checkout)
    assert said_by(checkout, site) == of_checkout(checkout)
    shutil.rmtree(checkout / ".git")
    assert said_by(checkout, site) == UNKNOWN


def test_a_build_asks_the_same_and_needs_nothing_of_ours() -> None:
    """R1227: and raises the number in one place alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    told = project["tool"]["hatch"]["version"]
    asked = f"import runpy; print(eval({told['expression']!r}, runpy.run_path({str(ROOT / told['path'])!r})))"
    built = subprocess.run([sys.executable, "-I", "-S", "-c", asked], check=True, capture_output=True, text=True)
    assert (told["source"], project["project"]["dynamic"]) == ("code", ["version"])
    assert built.stdout.strip().startswith(NUMBER)
