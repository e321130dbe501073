"""``csire-bridge configurator`` as a process of its own."""

from __future__ import annotations

from pathlib import Path

from tests.support.command import Command


def test_given_a_rule_file_when_entered_by_one_process_then_another_shows_it_and_a_bad_one_is_refused(
    process: Command, tmp_path: Path
) -> None:
    file, address = tmp_path / "rules.yaml", ("--database", f"sqlite:///{tmp_path / 'bridge.db'}")
    file.write_text("rules:\n  - for: {kind: disconnect}\n    wait_days: 2\n", "utf-8")
    assert process("db", "upgrade", *address).returncode == 0
    entering = ("configurator", "set", file, "--from", "now", "--by", "Anna", "--why", "test", *address)
    assert process(*entering).returncode == 0
    assert "waits after registration: 2 days" in process("configurator", "show", *address).stdout
    file.write_text("rules:\n  - for: {kind: disconnection}\n", "utf-8")
    done = process(*entering)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "rules.yaml, line 2, key rules.0.for.kind" in done.stderr
