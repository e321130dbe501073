"""The monthly report: made once its day has come, brought to each target once, and again until it has arrived."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pydantic import ValidationError

from csire_bridge.channels.alerts.mail import MailChannel, MailServer
from csire_bridge.config.sections.reports import ReportSettings
from csire_bridge.config.settings import Settings
from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.errors import PartnerUnreachable
from csire_bridge.domain.work import Lease
from csire_bridge.service.wiring.board_reports import monthly_report
from csire_bridge.store.database import Database, make_current
from csire_bridge.store.figures.report_runs import run_of
from csire_bridge.worker.report_job import MonthlyReport, ReportFile, ReportMail, ReportPlan
from csire_bridge.worker.scheduler import LEASE_NAME, LedStore
from tests.support.defaults import DEADLINES, LAW

DUE = datetime(2026, 12, 2, 5, 0, tzinfo=UTC)
"""06:00 in Poland on the second of December."""
FILE = ReportFile("november.pdf", b"%PDF", "application/pdf")
NOVEMBER = PolishMonth.parse("2026-11")


class Post(MailChannel):
    """Mails are kept; ``down``: the server can't be reached."""

    def __init__(self) -> None:
        super().__init__(MailServer("localhost", 25, "bridge@example.org"))
        self.sent: list[EmailMessage] = []
        self.down = False

    def send(self, *mail: Any) -> None:
        if self.down:
            raise PartnerUnreachable("the mail server can't be used", "check it")
        *words, files = mail
        message = self._mail(*words)
        for name, content, _ in files:
            message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
        self.sent.append(message)


class Job:
    def __init__(self, folder: Path) -> None:
        make_current(address := f"sqlite:///{folder / 'bridge.db'}")
        self.database, self.now, self.post, self.made = Database(address), DUE, Post(), 0
        self.target = folder / "reports"
        mail = ReportMail(self.post, ("board@example.org",), "report {month}", "of {month}\n")
        plan = ReportPlan(2, time(6, 0), self.target, mail)
        self.report = MonthlyReport(plan, self._make, lambda: self.now, random.Random(1))  # noqa: S311 - a test

    def _make(self, month: PolishMonth) -> list[ReportFile]:
        assert month == NOVEMBER
        self.made += 1
        return [FILE]

    def tick(self, after: timedelta = timedelta(0)) -> None:
        self.now += after
        with self.database.transaction() as tx:
            term = tx.leases.acquire(LEASE_NAME, Lease.starting("test", self.now, timedelta(minutes=1)), self.now)
        assert term is not None
        self.report.tick(LedStore(self.database, "test", term), Event())


@pytest.fixture
def job(tmp_path: Path) -> Any:
    made = Job(tmp_path)
    with closing(made.database):
        yield made


@pytest.mark.parametrize(
    ("now", "month"),
    [
        (DUE - timedelta(seconds=1), None),
        (DUE, "2026-11"),
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), "2026-11"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), None),
        (datetime(2027, 1, 2, 5, 0, tzinfo=UTC), "2026-12"),
    ],
)
def test_the_report_of_a_month_is_due_on_its_day_by_the_polish_clock(now: datetime, month: str | None) -> None:
    due = ReportPlan(2, time(6, 0)).month_due(now)
    assert (None if due is None else str(due)) == month


def test_the_report_arrives_once_in_the_folder_and_once_by_mail(job: Job) -> None:
    job.tick()
    job.tick(timedelta(days=1))
    assert [file.name for file in job.target.iterdir()] == ["november.pdf"]
    (mail,) = job.post.sent
    assert (mail["Subject"], mail["To"]) == ("report 2026-11", "board@example.org")
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("november.pdf", b"%PDF")


def test_what_can_t_arrive_is_tried_again_with_the_same_id_and_holds_up_nothing_else(job: Job) -> None:
    job.post.down = True
    job.tick()
    assert (job.target / "november.pdf").exists()
    with job.database.reading() as connection:
        run = run_of(connection, "2026-11", "mail")
    assert (run.done_at, run.attempts, "can't be used" in str(run.problem)) == (None, 1, True)
    made = job.made
    job.tick()
    assert job.made == made
    job.post.down = False
    job.tick(timedelta(hours=1))
    job.tick(timedelta(hours=1))
    assert len(job.post.sent) == 1


def test_a_folder_that_can_t_be_written_is_told_and_tried_again(job: Job) -> None:
    job.target.write_text("in the way")
    job.tick()
    with job.database.reading() as connection:
        assert "can't be written" in str(run_of(connection, "2026-11", "folder").problem)
    job.target.unlink()
    job.tick(timedelta(hours=1))
    assert (job.target / "november.pdf").read_bytes() == b"%PDF"


def test_the_real_report_is_a_pdf_and_a_spreadsheet(job: Job) -> None:
    settings = Settings(database="sqlite:///none.db", reports=ReportSettings(folder=job.target, language="en"))
    real = monthly_report(settings, job.database, lambda: job.now, DEADLINES, LAW)
    job.report = real
    job.tick()
    content = {file.name: file.read_bytes()[:4] for file in job.target.iterdir()}
    assert content == {"csire-bridge-2026-11.pdf": b"%PDF", "csire-bridge-2026-11.xlsx": b"PK\x03\x04"}


def test_mail_without_a_mail_server_stops_the_start_with_a_sentence() -> None:
    with pytest.raises(ValidationError, match=r"reports\.mail needs a mail server"):
        Settings(database="sqlite:///none.db", reports=ReportSettings(mail=("board@example.org",)))
