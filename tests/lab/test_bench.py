"""The bench, run tiny: that it measures the whole way and says everything. How fast it was is not judged here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from csire_bridge.cli.main import app
from csire_bridge.domain.errors import OurFault
from csire_bridge.lab.bench import memory, nodes, share, start, webhook
from csire_bridge.lab.bench.backlog import measure_backlog
from csire_bridge.lab.bench.nodes import measure_nodes
from csire_bridge.lab.bench.service import service_environment, service_words
from csire_bridge.lab.bench.share import SituationName
from csire_bridge.lab.shared.cpu_affinity import cores
from tests.conftest import Servers
from tests.support.warm import warm

RATES = {
    "intake": ("bare_per_second", "ours_per_second", "ours_one_by_one_per_second"),
    "roundtrip": (
        "bare_per_second",
        "ours_per_second",
        "bare_one_by_one_per_second",
        "ours_one_by_one_per_second",
    ),
}


@contextmanager
def warm_service(settings: Mapping[str, object], processes: int = 1) -> Iterator[str]:
    """The service as a process that begins with everything imported; how long its start takes is not measured."""
    with warm.popen(*service_words(processes), environment=service_environment(settings)) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[3]
        finally:
            process.terminate()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services begin quickly, and few messages warm them up."""
    for measures in (nodes, share, webhook):
        monkeypatch.setattr(measures, "service_process", warm_service)
    monkeypatch.setattr(webhook, "_WARM_UP", 4)


def bench(name: str, *options: str, place: Path) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["bench", name, *options, "--dir", str(place), "--json"])
    assert result.exit_code == 0, result.output
    assert list(place.iterdir()) == [], "the bench leaves something behind"
    report: dict[str, Any] = json.loads(result.output)
    assert all(report[rate] > 0 for rate in RATES[name])
    assert report["peak_rss_mib"] > 20, "it counts all that this process ever held, also for other tests"
    return report


@pytest.mark.parametrize(("option", "kind"), [("--ecdsa", "ECDSA P-256"), ("--rsa", "RSA 2048")])
def test_given_few_messages_then_all_are_accepted_and_everything_is_told(
    tmp_path: Path, option: str, kind: str
) -> None:
    report = bench("intake", "--messages", "40", "--batch", "8", option, place=tmp_path)
    assert (report["messages"], report["batch"], report["key_kind"]) == (40, 8, kind)
    assert report["accepted"] == 80, "each number, in batches and one by one"
    assert report["rounds"] == 10
    assert report["ratio"] > 0
    assert report["ratio_one_by_one"] > 0


def test_given_a_number_of_messages_that_no_round_divides_then_none_is_left_out(tmp_path: Path) -> None:
    assert bench("intake", "--messages", "23", place=tmp_path)["accepted"] == 46


def test_given_few_orders_then_all_are_done_and_answered_both_ways(tmp_path: Path) -> None:
    before = cores()
    report = bench("roundtrip", "--orders", "10", "--batch", "4", place=tmp_path)
    assert report["kept_apart"] is (len(before) > 1)
    assert cores() == before, "the bench gives back what it took"
    assert (report["orders"], report["done"], report["batch"], report["in_flight"]) == (10, 20, 4, 16)
    assert report["ratio"] > 0
    assert report["ratio_one_by_one"] > 0


def test_given_no_option_json_then_a_person_reads_both_comparisons(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["bench", "roundtrip", "--orders", "5", "--batch", "2", "--dir", str(tmp_path)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_given_few_and_many_open_orders_then_leases_are_compared_in_turns(
    tmp_path: Path, where: str, servers: Servers
) -> None:
    words = ["bench", "backlog", "--orders", "2000", "--few", "200", "--rounds", "6", "--dir", str(tmp_path), "--json"]
    if where == "postgresql":
        words += ["--databases", servers(18).new_database(), servers(18).new_database()]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    report = json.loads(result.output)
    assert (report["few"], report["many"], report["rounds"], report["batch"]) == (200, 2000, 6, 32)
    assert all(report[name] > 0 for name in ("few_ms", "many_ms", "many_with_commit_ms", "ratio", "ratio_with_commit"))
    assert list(tmp_path.iterdir()) == []


def test_given_fewer_due_orders_than_a_batch_then_it_ends_with_a_reason(tmp_path: Path) -> None:
    few, many = (f"sqlite:///{tmp_path / name}.db" for name in ("few", "many"))
    with pytest.raises(OurFault, match="pieces of work were due, but a batch has 64"):
        measure_backlog(few, many, 90, 300, 64, 5, lambda numbers, _: iter(numbers))


@pytest.mark.parametrize(
    "options", [["intake", "--messages", "0"], ["intake", "--batch", "0"], ["roundtrip", "--orders", "x"]]
)
def test_given_a_wrong_number_then_it_is_wrong_use(options: list[str]) -> None:
    assert CliRunner().invoke(app, ["bench", *options]).exit_code == 2


def test_given_few_orders_then_memory_is_told_after_each_tenth(tmp_path: Path) -> None:
    words = ["bench", "memory", "--orders", "11", "--batch", "2", "--dir", str(tmp_path)]
    report = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    assert report["orders"] == 11
    peaks = report["peaks_mib"]
    assert len(peaks) == 10
    assert peaks == sorted(peaks)
    assert report["growth"] == peaks[-1] / peaks[0]


def test_given_measured_memory_then_a_person_reads_it_in_mebibytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = memory.MemoryReport(100, 32, 250.0, (184.0, 186.5))
    monkeypatch.setattr(memory, "measure_memory", lambda *_, **__: measured)
    assert "MiB" in CliRunner().invoke(app, ["bench", "memory", "--dir", str(tmp_path)]).output


def test_given_a_small_month_then_its_figures_are_counted_and_timed(tmp_path: Path) -> None:
    words = ["bench", "law", "--orders", "1000", "--rounds", "1", "--dir", str(tmp_path)]
    assert "1,000 commands" in CliRunner().invoke(app, words).output
    report = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    assert (report["orders"], report["stations"], report["rounds"]) == (1000, 2, 1)
    assert min(report["seconds"], report["processor_seconds"]) > 0
    assert report["peak_mib"] >= report["before_mib"] > 0


def test_given_few_pushed_messages_then_one_and_two_processes_take_them_all(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["bench", "webhook", "--messages", "10", "--connections", "2", "--dir", str(tmp_path), "--json"]
    )
    assert result.exit_code == 0, result.output
    assert list(tmp_path.iterdir()) == []
    report = json.loads(result.output)
    assert (report["messages"], report["connections"]) == (10, 2)
    assert min(report["ratio"], report["ratio_two_processes"], report["p50_ms"]) > 0


def test_given_few_orders_then_our_own_share_is_told_in_four_situations_with_all_orders_done(tmp_path: Path) -> None:
    words = ["bench", "share", "--orders", "3", "--dir", str(tmp_path), "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert list(tmp_path.iterdir()) == [], "the bench leaves something behind"
    situations = {one["name"]: one for one in json.loads(result.output)["situations"]}
    assert list(situations) == list(SituationName)
    for name, seen in situations.items():
        assert (seen["done"], seen["from_sid"]) == (3, 1), name
        assert (seen["struck"] > 0) is (name != SituationName.QUIET)
        assert seen["receipt_to_command"]["count"] == 3
        assert seen["event_to_answer"]["count"] >= 3
        assert (seen["answer_to_delivery"] is None) is (name == SituationName.HUB_HUNG)


def test_given_few_orders_then_a_process_that_has_nothing_else_to_do_carries_them_out(
    tmp_path: Path, postgresql: str
) -> None:
    report = measure_nodes(tmp_path, 6, 4, lambda numbers, _: iter(numbers), postgresql, numbers=(1,))
    assert report.orders == 6
    assert report.per_second[1] > 0


def test_given_another_database_then_our_side_is_measured_on_it_too(tmp_path: Path, postgresql: str) -> None:
    options = ("--orders", "4", "--batch", "2", "--database", postgresql)
    report = bench("roundtrip", *options, "--spread", place=tmp_path)
    assert report["kept_apart"] is False
    assert report["ratio_on_database"] > 0
    assert report["ours_on_database_per_second"] > 0
    again = CliRunner().invoke(app, ["bench", "roundtrip", *options, "--dir", str(tmp_path)])
    assert isinstance(again.exception, OurFault), "it is not empty any more"


def test_given_one_round_then_the_start_of_commands_is_told_beside_an_interpreter_that_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "_WITHOUT_DATABASE", ("--help",))
    monkeypatch.setattr(start, "_WITH_DATABASE", ("orders list",))
    words = ["bench", "start", "--rounds", "1", "--dir", str(tmp_path)]
    report = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    told = {line["command"]: line["seconds"] for line in report}
    assert {"python -c pass", "--help", "orders list"} <= set(told)
    assert all(seconds > 0 for seconds in told.values())


def test_given_a_measured_start_then_a_person_reads_it_in_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "measure_start", lambda *_: [start.Start("orders list", 0.614)])
    shown = CliRunner().invoke(app, ["bench", "start", "--dir", str(tmp_path)]).output
    assert "orders list" in shown
    assert "0.61" in shown
