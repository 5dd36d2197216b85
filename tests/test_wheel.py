"""What `make wheel` puts beside the wheel: the libraries that a hub is installed with elsewhere."""

from __future__ import annotations

import subprocess
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement

from tests.paths import ROOT


def test_a_wheel_comes_with_the_libraries_that_the_tests_ran_with_and_needs_no_desktop(tmp_path: Path) -> None:
    """R1179."""
    made = tmp_path / "requirements.txt"
    subprocess.run(["make", "--silent", f"DIST={tmp_path}", str(made)], cwd=ROOT, check=True)
    lines = [line for line in made.read_text(encoding="utf-8").splitlines() if not line.startswith(" ")]
    asked = [Requirement(line.removesuffix("\\").strip()) for line in lines]
    here = {each.name: str(each.specifier) for each in asked if each.marker is None or each.marker.evaluate()}
    assert here == {name: f"=={version(name)}" for name in here}
    assert "opencv-python-headless" in here
    assert "opencv-python" not in here  # needs libGL, which servers lack
