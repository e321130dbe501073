"""The wheel carries all that it needs, and works where no checkout is; what only the laboratory needs is an extra."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE
from tests.support.repository import REPOSITORY
from tests.whole.test_serve import house

ROOT = REPOSITORY
SAMPLE = ROOT / "samples" / "good" / "8.1.1.5-minimal.xml"


def run(*words: object, cwd: Path, ends_with: int = 0) -> str:
    done = subprocess.run(
        [str(w) for w in words], cwd=cwd, capture_output=True, text=True, timeout=10 * PATIENCE, check=False
    )
    assert done.returncode == ends_with, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_given_an_empty_environment_when_the_wheel_is_installed_then_the_product_works_and_with_its_extra_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("PIP_CONSTRAINT", str(ROOT / "constraints.txt"))
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path / "dist", ROOT, cwd=tmp_path)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "empty", with_pip=True)
    binaries, elsewhere = tmp_path / "empty" / "bin", tmp_path / "elsewhere"
    pip = (binaries / "python", "-m", "pip")
    elsewhere.mkdir()

    run(*pip, "install", "--quiet", wheel, cwd=elsewhere)
    assert "dlms-cosem" not in run(*pip, "list", cwd=elsewhere)
    command = binaries / "csire-bridge"
    assert "demo" in run(command, "--help", cwd=elsewhere)
    run(command, "validate", SAMPLE, cwd=elsewhere)
    with replace(house(elsewhere), program=command).serving() as (process, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=PATIENCE) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert "pip install 'csire-bridge[lab]'" in run(command, "demo", "--dir", "out", cwd=elsewhere, ends_with=2)

    run(*pip, "install", "--quiet", f"{wheel}[lab]", cwd=elsewhere)
    assert "ended as expected" in run(command, "demo", "--dir", "out", cwd=elsewhere)
    assert (elsewhere / "out" / "summary.json").is_file()
