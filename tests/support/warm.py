"""The command as a process of its own that begins with everything imported and read.

Most tests that start ``csire-bridge`` are about what a process does, not about how it begins. For these, one process
without threads imports the product and reads the hub's standard once, and forks each command: a start takes some tenths
of a second of CPU instead of several seconds. A forked process has a number, signals and an end of its own.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import IO

from tests.support.patience import PATIENCE
from tests.support.repository import REPOSITORY

__all__ = ["WarmProcess", "WarmProcesses", "warm"]

_LONGEST = 1 << 20
_LOOK_SECONDS = 0.01
_MODULES = (
    "csire_bridge.lab.chaos.warm",
    "csire_bridge.service.processes",
    "csire_bridge.service.running_service",
    "csire_bridge.service.startup_checks",
)


class WarmProcess:
    """One command, to be used as a ``subprocess.Popen`` whose standard output and error are text."""

    def __init__(self, pid: int, ended: int, stdout: IO[str] | None, stderr: IO[str] | None) -> None:
        self.pid = pid
        self.stdout = stdout
        self.stderr = stderr
        self.returncode: int | None = None
        self._ended = ended

    def poll(self) -> int | None:
        """How it ended, as ``Popen`` says it: a signal as a negative number; None while it runs."""
        if self.returncode is None:
            with suppress(BlockingIOError):
                self.returncode = int(os.read(self._ended, 100) or b"1")
                os.close(self._ended)
        return self.returncode

    def wait(self, timeout: float = 10 * PATIENCE) -> int:
        """Wait for its end; subprocess.TimeoutExpired when it does not come."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("csire-bridge", timeout)
            time.sleep(_LOOK_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> WarmProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.wait()
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                stream.close()


class WarmProcesses:
    """The process that forks commands; it is started with the first one, and ends with this process."""

    def __init__(self) -> None:
        self._channel: socket.socket | None = None
        self._lock = threading.Lock()

    def popen(
        self,
        *words: object,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        stderr: bool = False,
    ) -> WarmProcess:
        """Start ``csire-bridge`` with ``words``; its output is read from ``stdout``, and its errors too if wanted."""
        read_out, write_out = os.pipe()
        read_err, write_err = os.pipe() if stderr else (None, os.dup(2))
        pid, ended = self._fork(words, cwd, environment, write_out, write_err)
        err = None if read_err is None else os.fdopen(read_err, encoding="utf-8")
        return WarmProcess(pid, ended, os.fdopen(read_out, encoding="utf-8"), err)

    def run(self, *words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``csire-bridge`` to its end."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            pid, ended = self._fork(words, cwd, None, os.dup(out.fileno()), os.dup(err.fileno()))
            code = WarmProcess(pid, ended, None, None).wait()
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(list(map(str, words)), code, out.read(), err.read())

    def _fork(
        self, words: Sequence[object], cwd: Path | None, environment: Mapping[str, str] | None, out: int, err: int
    ) -> tuple[int, int]:
        """Its number, and where its end is told; the descriptors are the child's alone afterwards."""
        told, tell = os.pipe()
        around = dict(os.environ if environment is None else environment)
        asked = json.dumps([list(map(str, words)), str(cwd or Path.cwd()), around]).encode()
        with self._lock:
            channel = self._channel = self._channel or _started()
            socket.send_fds(channel, [asked], [out, err, tell])
            pid = int(channel.recv(_LONGEST))
        for descriptor in (out, err, tell):
            os.close(descriptor)
        os.set_blocking(told, False)
        return pid, told


def _started() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        subprocess.Popen([sys.executable, "-m", __name__, str(number)], cwd=REPOSITORY, pass_fds=[number])
    return ours


warm = WarmProcesses()


_Asked = tuple[list[str], str, dict[str, str]]


def _serve(channel: socket.socket) -> _Asked | None:
    """Fork what is asked for: returns in each forked process with what it shall do, and with None at the end."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    while True:
        asked, descriptors, _, _ = socket.recv_fds(channel, _LONGEST, 3)
        if not asked:
            return None
        if os.fork() == 0:
            _keep(channel, *descriptors)
            wanted: _Asked = json.loads(asked)
            return wanted
        for descriptor in descriptors:
            os.close(descriptor)


def _keep(channel: socket.socket, out: int, err: int, tell: int) -> None:
    """Fork the command and wait for its end, as only a parent can; returns in the command's process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child:
        os.close(out)
        os.close(err)
        channel.send(str(child).encode())
        channel.close()
        _, status = os.waitpid(child, 0)
        os.write(tell, str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    for descriptor in (out, err, tell):
        os.close(descriptor)
    channel.close()


def _import_and_read() -> None:
    """Everything that a command may need, and the standard of the package."""
    from csire_bridge.cli.commands import COMMANDS, load_command
    from csire_bridge.service.wiring.standard import Standard
    from tests.support.standard import remembering

    for module in _MODULES:
        import_module(module)
    for name in COMMANDS:
        load_command(name)
    Standard.load = remembering(Standard.load)  # type: ignore[method-assign,assignment]
    gc.freeze()  # what is looked at for garbage is copied


def main() -> None:
    """Wait for commands on the socket that is named, and become each of them."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    _import_and_read()
    asked = _serve(channel)
    if asked is None:
        return
    words, folder, environment = asked
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["csire-bridge", *words]
    _end(_run())


def _run() -> int:
    from csire_bridge.cli.main import run

    try:
        run()
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:  # noqa: BLE001 - as an interpreter does with what nobody has caught
        traceback.print_exc()
        return 1
    return 0


def _end(code: int) -> None:
    """End as an interpreter does, but for taking every module apart: all memory would be copied for that."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
