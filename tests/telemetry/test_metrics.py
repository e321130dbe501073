"""What is counted is told once, also by several processes; and page, dashboard and rules name what there is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.telemetry.metric_names import METRICS, MetricKind
from csire_bridge.telemetry.metrics import MetricsPage, count, observe, set_up_metrics, timed, turn_off_metrics
from tests.support.repository import REPOSITORY

EVENTS = "csire_bridge_events_total"
_COUNTS = """
import sys
from pathlib import Path
from csire_bridge.telemetry.metrics import count, observe, set_up_metrics
set_up_metrics(Path(sys.argv[1]))
print("counts", flush=True)
for _ in range(3):
    count("csire_bridge_events_total", matched="yes")
observe("csire_bridge_order_seconds", 4.0, kind="disconnect")
print("counted", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    turn_off_metrics()  # tests of services in this process may have counted before
    yield
    turn_off_metrics()


def samples(page: MetricsPage) -> dict[tuple[str, ...], float]:
    """Every sample: its name and the values of its labels, in the order of their names."""
    text = page.text("")[0].decode()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_given_counts_and_times_then_the_page_tells_them() -> None:
    page = set_up_metrics()
    count(EVENTS, matched="yes")
    count(EVENTS, 2, matched="yes")
    observe("csire_bridge_order_seconds", 10.0, kind="disconnect")
    found = samples(page)
    assert found[EVENTS, "yes"] == 3
    assert found["csire_bridge_order_seconds_count", "disconnect"] == 1
    assert found["csire_bridge_order_seconds_bucket", "disconnect", "5.0"] == 0
    assert found["csire_bridge_order_seconds_bucket", "disconnect", "15.0"] == 1


def test_given_a_call_that_fails_then_its_time_is_told_as_failed() -> None:
    page = set_up_metrics()
    with pytest.raises(ValueError, match="no"), timed("csire_bridge_partner_seconds", partner="hub", operation="peek"):
        raise ValueError("no")
    with timed("csire_bridge_partner_seconds", partner="hub", operation="peek"):
        pass
    found = samples(page)
    assert found["csire_bridge_partner_seconds_count", "peek", "hub", "failed"] == 1
    assert found["csire_bridge_partner_seconds_count", "peek", "hub", "answered"] == 1


def test_given_nobody_who_asks_then_counting_loads_nothing() -> None:
    code = (
        "import sys; from csire_bridge.telemetry.metrics import count; "
        "count('csire_bridge_events_total', matched='yes'); print('prometheus_client' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_given_two_processes_with_one_folder_then_any_of_them_tells_the_counts_of_both(tmp_path: Path) -> None:
    page = set_up_metrics(tmp_path / "counts")
    count(EVENTS, matched="yes")
    with counting(tmp_path / "counts") as other:
        assert samples(page)[EVENTS, "yes"] == 4
        assert samples(page)["csire_bridge_order_seconds_count", "disconnect"] == 1
        assert other.stdin
        other.stdin.close()
        other.wait()
        assert samples(page)[EVENTS, "yes"] == 4, "what a process counted stays when it ends"
    with counting(tmp_path / "counts"):
        assert samples(page)[EVENTS, "yes"] == 7, "and when another starts: a sum that falls looks like new counts"
    turn_off_metrics()
    fresh = set_up_metrics(tmp_path / "counts")
    assert (EVENTS, "yes") not in samples(fresh), "a start clears the folder once all processes have ended"


def counting(folder: Path) -> subprocess.Popen[str]:
    """A process that has counted and waits for the end of its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-c", _COUNTS, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert [process.stdout.readline().strip() for _ in range(2)] == ["counts", "counted"]
    return process


@pytest.mark.parametrize("shared", [False, True])
def test_given_a_service_that_is_put_together_anew_then_its_counts_go_on(tmp_path: Path, shared: bool) -> None:
    folder = tmp_path / "counts" if shared else None
    set_up_metrics(folder)
    count(EVENTS, matched="yes")
    page = set_up_metrics(folder)
    count(EVENTS, matched="yes")
    assert samples(page)[EVENTS, "yes"] == 2


def test_given_a_folder_that_is_a_file_then_the_setting_is_named(tmp_path: Path) -> None:
    (tmp_path / "counts").write_text("")
    with pytest.raises(ConfigurationError, match=r"correct metrics\.folder"):
        set_up_metrics(tmp_path / "counts")


def test_the_page_of_the_documentation_has_every_metric_with_its_kind_labels_and_meaning() -> None:
    lines = (REPOSITORY / "docs" / "metrics.md").read_text("utf-8").splitlines()
    told = [line for line in lines if line.startswith("| `")]
    assert told == [
        f"| `{name}` | {metric.kind} | {', '.join(f'`{label}`' for label in metric.labels) or '-'} | {metric.meaning} |"
        for name, metric in METRICS.items()
    ]


def names_of(expression: str) -> set[str]:
    """The metrics of an expression, without what a histogram puts behind their names."""
    found = set(re.findall(r"csire_bridge_\w+", expression))
    histograms = {name for name, metric in METRICS.items() if metric.kind is MetricKind.HISTOGRAM}
    bare = {re.sub(r"_(bucket|count|sum)\Z", "", name): name for name in found}
    return {name if name in histograms else written for name, written in bare.items()}


def labels_of(expression: str) -> set[str]:
    """The labels by which an expression chooses or groups."""
    chosen = set(re.findall(r"[{,]\s*(\w+)\s*(?:=|!=|=~|!~)\"", expression))
    grouped = {name.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for name in group.split(",")}
    return (chosen | grouped) - {"le", "job", "instance"}


def test_the_dashboard_shows_every_metric_and_asks_for_none_that_does_not_exist() -> None:
    board = json.loads((REPOSITORY / "deploy" / "grafana" / "csire-bridge.json").read_text("utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert {name for expression in asked for name in names_of(expression)} == set(METRICS)
    check_labels(asked)
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_the_alert_rules_ask_for_metrics_and_labels_that_exist() -> None:
    rules = read_rules()
    asked = [rule["expr"] for rule in rules]
    named = {name for expression in asked for name in names_of(expression)}
    assert len(rules) > 10
    assert named <= set(METRICS)
    check_labels([expression for expression in asked if names_of(expression)])
    for rule in rules:
        labels = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])) - {"instance"}
        known = {label for name in names_of(rule["expr"]) for label in METRICS[name].labels}
        assert labels <= known, rule["alert"]


def read_rules() -> list[dict[str, Any]]:
    file = REPOSITORY / "deploy" / "prometheus" / "csire-bridge.rules.yml"
    return [rule for group in yaml.safe_load(file.read_text("utf-8"))["groups"] for rule in group["rules"]]


def check_labels(expressions: list[str]) -> None:
    for expression in expressions:
        known = {label for name in names_of(expression) for label in METRICS[name].labels}
        assert labels_of(expression) <= known, expression
