"""``demo --keep``: the console over what the demo has left, for whoever wants to look around, until Ctrl-C."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.patience import PATIENCE

_ACCOUNT = re.compile(r"^(\w+)\s+operator\s+(\S+)\s*$", re.MULTILINE)
_ADDRESS = re.compile(r"^the console: (\S+?)/$", re.MULTILINE)


@pytest.mark.slow
def test_given_demo_keep_then_one_signs_in_with_a_printed_password_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("csire-bridge")
    words = [str(program), "demo", "--dir", str(tmp_path / "out"), "--keep"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as playing:
        assert playing.stdout is not None
        printed = ""
        for line in playing.stdout:
            printed += line
            if "until Ctrl-C" in line:
                break
        account, address = _ACCOUNT.search(printed), _ADDRESS.search(printed)
        assert account, printed
        assert address, printed
        with httpx.Client(base_url=address[1], timeout=PATIENCE, headers={"Origin": address[1]}) as client:
            form = {"name": account[1], "password": account[2], "next": "/orders"}
            assert client.post("/login", data=form).headers["location"] == "/orders"
            page = client.get("/orders")
        playing.send_signal(signal.SIGINT)
        assert playing.wait(10 * PATIENCE) == 0
    assert page.status_code == 200
    assert len(re.findall(r'href="/orders/[0-9]+[?]list=', page.text)) >= 20
