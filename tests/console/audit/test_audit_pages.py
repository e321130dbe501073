"""The audit's pages: search, before and after, files, and whether it is whole."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.people.roles import PERMISSIONS, Permission, Role
from tests.support.console import Console
from tests.support.people import without_audit_guard


@pytest.fixture
def done(console: Console) -> Console:
    """Some acts of an administrator."""
    boss = console.visitor(Role.ADMINISTRATOR, "boss")
    boss.send("/people", {"name": "anna", "role": "viewer", "why": "=begins on Monday"}, "/people")
    boss.send("/people/anna/role", {"role": "operator", "why": "new task"}, "/people/anna")
    return console


@pytest.mark.every_database
def test_entries_are_found_by_who_what_and_about_what_with_before_and_after(done: Console) -> None:
    auditor = done.visitor(Role.AUDITOR, "aud")
    page = auditor.get("/audit", actor="boss", act="user.")
    assert "role changed" in page.text
    assert "account added" in page.text
    assert "signed in" not in page.text.partition("Entries, the newest first")[2]
    assert "role viewer operator" in page.text
    assert "No entry fits" in auditor.get("/audit", subject="account nobody").text
    day = done.api.now.astimezone(WARSAW).date().isoformat()
    assert "role changed" in auditor.get("/audit", since=day, until=day, act="user.role").text
    assert "No entry fits" in auditor.get("/audit", until="2020-01-01").text


def test_a_long_audit_has_pages(console: Console) -> None:
    boss = console.visitor(Role.ADMINISTRATOR, "boss")
    for _ in range(60):
        boss.get("/audit")
    first = boss.get("/audit", act="audit.read")
    (older,) = [link for link in first.links if "after=" in link]
    assert "act=audit.read" in older
    assert "audit read" in boss.get(older).text


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_what_was_found_can_be_taken_along_and_no_spreadsheet_calculates_it(done: Console, form: str) -> None:
    auditor = done.visitor(Role.AUDITOR, "aud")
    file = auditor.get("/audit/export", format=form, act="user.").response
    assert file.headers["content-disposition"].startswith("attachment")
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(file.text)))
        assert [row["act"] for row in rows] == ["user.role", "user.add"]
        assert rows[1]["why"] == "'=begins on Monday"
    elif form == "json":
        assert len(file.text.splitlines()) == 2
    else:
        with zipfile.ZipFile(io.BytesIO(file.content)) as book:
            assert book.read("xl/worksheets/sheet1.xml").count(b"<row ") == 3
    assert "audit exported" in auditor.get("/audit", actor="aud").text


def test_the_page_says_in_words_whether_the_audit_is_whole(done: Console) -> None:
    auditor = done.visitor(Role.AUDITOR, "aud", language="en")
    page = auditor.get("/audit/verify")
    assert "Nothing was changed, added or taken away." in page.text
    assert "the chain was written anew" in auditor.get("/audit/verify", noted="ab" * 32).text
    with done.database.transaction() as tx:
        without_audit_guard(tx.connection)
        tx.connection.exec_driver_sql("UPDATE audit_entries SET actor = 'eve' WHERE act = 'user.role'")
    broken = auditor.get("/audit/verify")
    assert "The chain is broken" in broken.text
    assert "lost what refuses changes" in broken.text


@pytest.mark.parametrize("role", Role)
def test_only_who_may_is_shown_the_audit(console: Console, role: Role) -> None:
    visitor = console.visitor(role)
    may = Permission.AUDIT in PERMISSIONS[role]
    assert ("/audit" in visitor.get("/").links) == may
    for path in ("/audit", "/audit/export", "/audit/verify"):
        assert visitor.get(path).status == (200 if may else 403)
