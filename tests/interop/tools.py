"""The tools of other stacks: where one is not installed, its tests are skipped, and say what to install."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

__all__ = ["HERE", "compiled", "jars", "needs", "run"]

HERE = Path(__file__).parent
_JARS = Path("/usr/share/java")
_SECONDS = 300


def needs(tool: str, package: str) -> str:
    """The path of a program; skips the test where it is missing."""
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not installed (Debian: apt-get install {package})")
    return found


def jars(package: str, *names: str) -> str:
    """A class path of the distribution's jars; skips the test where one is missing."""
    missing = [name for name in names if not (_JARS / f"{name}.jar").is_file()]
    if missing:
        pytest.skip(f"{', '.join(missing)} not in {_JARS} (Debian: apt-get install {package})")
    return ":".join(str(_JARS / f"{name}.jar") for name in names)


def run(line: Sequence[str | Path], lines: Sequence[str] = (), **environment: str) -> list[str]:
    """Run a program with ``lines`` as its input; the lines that it prints. Fails with what it says if it fails."""
    done = subprocess.run(
        [str(word) for word in line],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
        env=environment or None,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def compiled(place: Path, sources: Sequence[Path], classes: str = "") -> str:
    """The class path of compiled Java sources, with ``classes`` behind it."""
    javac = needs("javac", "default-jdk-headless")
    place.mkdir(exist_ok=True)
    path = f"{place}:{classes}".rstrip(":")
    run([javac, "-nowarn", "-Xlint:none", "-cp", path, "-d", place, *sources])
    return path
