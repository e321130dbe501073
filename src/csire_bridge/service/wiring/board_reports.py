"""The monthly report, wired: what the settings say, made by the console's own words and lists."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from csire_bridge.config.settings import Settings
from csire_bridge.console.language.languages import Language
from csire_bridge.console.pages.figures.board import board_report
from csire_bridge.console.pages.figures.files import as_xlsx
from csire_bridge.console.pages.figures.tables import Words, clock_names, report_tables
from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.figures.period import Period
from csire_bridge.domain.figures.wanted import FiguresWanted
from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.law.model import ShareFigure
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.sheets.cells import Cell
from csire_bridge.store.database import Database
from csire_bridge.store.figures.report import report
from csire_bridge.store.queries.law_figures import month_figures
from csire_bridge.worker.notifications.settings_to_routes import mail_channel
from csire_bridge.worker.report_job import MonthlyReport, ReportFile, ReportMail, ReportPlan

__all__ = ["monthly_report"]

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SUBJECT = {
    Language.POLISH: "[{name}] Zlecenia dla liczników energii, {{month}}",
    Language.ENGLISH: "[{name}] Orders for electricity meters, {{month}}",
}
_TEXT = {
    Language.POLISH: "W załączeniu raport za miesiąc {month}: PDF do czytania, XLSX ze wszystkimi listami.\n",
    Language.ENGLISH: "Attached is the report of {month}: a PDF to read, an XLSX with all lists.\n",
}


def monthly_report(
    settings: Settings, database: Database, clock: Clock, deadlines: Deadlines, law: LawPolicy
) -> MonthlyReport:
    """The job. Raises ConfigurationError."""
    wanted = settings.reports
    language = Language(wanted.language)
    plan = ReportPlan(wanted.day, wanted.at, wanted.folder, _mail(settings, language))
    make = _maker(database, clock, deadlines, law, Words(language), settings.alerts.installation)
    return MonthlyReport(plan, make, clock, random.Random())  # noqa: S311 - spreads retries, no secret


def _mail(settings: Settings, language: Language) -> ReportMail | None:
    mail, to = settings.alerts.mail, settings.reports.mail
    if not to or mail.host is None or mail.sender is None:
        return None
    subject = _SUBJECT[language].format(name=settings.alerts.installation.replace("{", "(").replace("}", ")"))
    return ReportMail(mail_channel(mail, mail.host, mail.sender), to, subject, _TEXT[language])


def _maker(
    database: Database, clock: Clock, deadlines: Deadlines, law: LawPolicy, words: Words, installation: str
) -> Callable[[PolishMonth], Sequence[ReportFile]]:
    def make(month: PolishMonth) -> Sequence[ReportFile]:
        now, period = clock(), Period.of_month(month)
        clocks = clock_names(law.book, words)
        rule = next(law.book.on(ShareFigure, month.last), None)
        with database.reading() as connection:
            found = report(connection, deadlines, now, FiguresWanted(), period, period.before)
            shares = month_figures(connection, month, rule, now) if rule else None
        about: dict[str, Cell] = {"made by": f"csire-bridge {installation}", "made at (Polish time)": now}
        sheets = as_xlsx(list(report_tables(found, words, clocks)), about)
        paper = board_report(found, shares, words, clocks, installation)
        name = f"csire-bridge-{month}"
        return [ReportFile(f"{name}.pdf", paper, "application/pdf"), ReportFile(f"{name}.xlsx", sheets, _XLSX)]

    return make
