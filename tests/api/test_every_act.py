"""Every act that a person can do by a command has a path of the API, or docs/api.md says why not."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from csire_bridge.domain.jobs.kinds import ABOUT
from csire_bridge.domain.people.acts import Act

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")


def test_every_act_has_a_path_or_a_reason() -> None:
    source = "".join(file.read_text("utf-8") for file in Path(str(files("csire_bridge.api"))).rglob("*.py"))
    by_path = {act for act in Act if f"Act.{act.name}" in source} | {about.act for about in ABOUT.values()}
    reasons = PAGE.partition("## Not by the API")[2].partition("\n## ")[0]
    told = set(re.findall(r"`([a-z]+\.[a-z-]+)`", reasons))
    assert {act.value for act in Act if act not in by_path} == told


def test_every_kind_of_job_stands_on_the_page() -> None:
    assert [kind for kind in ABOUT if f"`{kind}`" not in PAGE] == []
