"""A PgBouncer before a PostgreSQL server, where the distribution's program is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from csire_bridge.lab.simulators.postgres import other_user
from tests.support.patience import wait_until

__all__ = ["pgbouncer"]


@contextmanager
def pgbouncer(address: str, mode: str) -> Iterator[str]:
    """The same database through a PgBouncer that lends two connections; skips the test where there is none."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("PgBouncer is not installed (apt-get install pgbouncer)")
    url = make_url(address)
    home = Path(tempfile.mkdtemp(prefix="csire-pgbouncer-"))
    port = _free_port()
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": mode,
        "default_pool_size": 2,
        "logfile": home / "log",
        "pidfile": home / "pid",
    }
    file = home / "pgbouncer.ini"
    lines = [f"[databases]\n{url.database} = host={url.query['host']} user=bridge\n[pgbouncer]"]
    file.write_text("\n".join([*lines, *(f"{name} = {value}" for name, value in settings.items())]))
    user = other_user() if os.geteuid() == 0 else {}
    if user:
        os.chown(home, user["user"], user["group"])
        file.chmod(0o644)
    through = f"postgresql://bridge@127.0.0.1:{port}/{url.database}"
    with subprocess.Popen([program, "-q", str(file)], stderr=subprocess.DEVNULL, **user) as process:
        try:
            wait_until(lambda: process.poll() is not None or _answers(through))
            assert process.poll() is None, (home / "log").read_text()
            yield through
        finally:
            process.terminate()
    shutil.rmtree(home)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _answers(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
