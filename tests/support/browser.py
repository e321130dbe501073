"""A person at the console in a real browser: with mouse or keyboard, with or without script, in Polish or English."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, sync_playwright

from csire_bridge.console.language.catalogs import translations
from csire_bridge.console.language.languages import LANGUAGE_COOKIE, Language
from csire_bridge.domain.people.roles import Role
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.lab.demo.accounts import NAMES, make_accounts
from csire_bridge.lab.demo.market import Market, market
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.web.doors import Door
from tests.support.patience import PATIENCE

__all__ = ["NARROW", "WIDE", "Hands", "Town", "Window", "chromium", "open_browser", "open_town", "open_window"]

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_RULES = "rules:\n  - for: {kind: disconnect, source: sid}\n    hours: {every-day: 10:00-15:00}\n"
WIDE, NARROW = 1280, 390
_HIGH = 900
_MOST_TABS = 400


def chromium() -> Path:
    """The browser's program; a test is skipped where there is none."""
    named = os.environ.get("CSIRE_TEST_CHROMIUM")
    found = named or next((path for name in _PROGRAMS if (path := shutil.which(name))), None)
    if not found:
        pytest.skip("no Chromium here: 'make browser' installs it, or CSIRE_TEST_CHROMIUM names one")
    return Path(found)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """The browser, without a window."""
    program = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"], timeout=1000 * PATIENCE)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Town:
    """What a demo has left, with hub, SID, meters and bridge at work again: the console's address and its accounts."""

    market: Market
    url: str
    passwords: Mapping[Role, str]


@contextmanager
def open_town(demo: Path, place: Path) -> Iterator[Town]:
    """The demo's folder, copied to ``place``; everything works until the end."""
    shutil.copytree(demo, place, dirs_exist_ok=True)
    with market(place, system_clock, []) as opened:
        url = next(address.url for address in opened.service.addresses if Door.CONSOLE in address.doors)
        database, now = opened.service.bridge.database, system_clock()
        with database.transaction() as tx:
            tx.rule_sets.enter(RuleSetVersion(0, now, now, "sylwia", "by day", _RULES))
        yield Town(opened, url, make_accounts(database, system_clock))


@dataclass(frozen=True)
class Hands:
    """How somebody works."""

    language: Language = Language.POLISH
    keyboard: bool = False
    script: bool = True

    def __str__(self) -> str:
        return f"{self.language}-{'keyboard' if self.keyboard else 'mouse'}{'' if self.script else '-without-script'}"


@dataclass
class Window:
    """One window of the browser. ``faults``: errors in its console, and requests to others than the console."""

    page: Page
    town: Town
    hands: Hands
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        host = urlsplit(self.town.url).netloc

        def asked(request: Request) -> None:
            address = urlsplit(request.url)
            if address.scheme not in ("data", "blob") and address.netloc != host:
                self.faults.append(f"{self.page.url} asks {request.url}")

        def said(message: ConsoleMessage) -> None:
            refused = message.text.startswith("Failed to load resource") and message.location["url"] == self.page.url
            if message.type in ("error", "warning") and not refused:  # the page itself says why it is refused
                self.faults.append(f"{self.page.url}: {message.text}")

        self.page.on("request", asked)
        self.page.on("console", said)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.set_default_timeout(1000 * PATIENCE)

    def says(self, text: str) -> str:
        """An English text of the catalogs in the language of this window."""
        return translations(self.hands.language).gettext(text)

    def goes_to(self, path: str) -> None:
        """Open a page by its address."""
        self.page.goto(self.town.url + path)

    def signs_in(self, role: Role, path: str = "/") -> None:
        """From the first page to the one at ``path``."""
        self.goes_to(path)
        self.fills("Name", NAMES[role])
        self.fills("Password", self.town.passwords[role])
        self.presses("Sign in")
        self.page.locator("nav.menu").wait_for()

    # --- what a person does; texts are those of the catalogs

    def follows(self, link: str) -> None:
        """Follow a link."""
        self.acts_on(self.page.get_by_role("link", name=self.says(link), exact=True).first)

    def presses(self, button: str, within: str = "main", **values: object) -> None:
        """Press a button."""
        text = self.says(button) % values if values else self.says(button)
        self.acts_on(self.page.locator(within).get_by_role("button", name=text, exact=True).first)

    def opens(self, summary: str, within: str = "main") -> None:
        """Unfold what is folded."""
        self.acts_on(self.page.locator(within).locator("summary", has_text=self.says(summary)).first)

    def fills(self, label: str, text: str, within: str = "main") -> None:
        """Write into a field."""
        place = self._labelled(label, within)
        if not self.hands.keyboard:
            place.fill(text)
            return
        self.reaches(place)
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(text)

    def chooses(self, label: str, value: str, within: str = "main") -> None:
        """Choose an option of a list by its code."""
        place = self._labelled(label, within)
        if not self.hands.keyboard:
            place.select_option(value)
            return
        text = place.locator(f"option[value='{value}']").inner_text()
        self.reaches(place)
        self.page.keyboard.type(text)

    def downloads(self, link: str) -> bytes:
        """Follow a link to a file; its content."""
        with self.page.expect_download() as expected:
            self.follows(link)
        return Path(expected.value.path()).read_bytes()

    def _labelled(self, label: str, within: str) -> Locator:
        return self.page.locator(within).get_by_label(self.says(label), exact=True).first

    def ticks(self, box: Locator) -> None:
        """Tick a checkbox or a radio button."""
        if not self.hands.keyboard:
            box.check()
            return
        self.reaches(box)
        self.page.keyboard.press("Space")

    def reaches(self, place: Locator) -> None:
        """Go there with the Tab key alone."""
        place.wait_for()
        for _ in range(_MOST_TABS):
            if place.evaluate("it => it === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not lead to {place} on {self.page.url}")

    def acts_on(self, place: Locator) -> None:
        """Press or follow it."""
        if self.hands.keyboard:
            self.reaches(place)
            self.page.keyboard.press("Enter")
        else:
            place.click()

    # --- what is seen

    @property
    def path(self) -> str:
        """Path and query of the page."""
        address = urlsplit(self.page.url)
        return address.path + (f"?{address.query}" if address.query else "")

    def sees(self, text: str) -> None:
        """Wait for a text of the catalogs."""
        self.page.get_by_text(self.says(text)).first.wait_for()

    def sees_words(self, polish: str, english: str) -> None:
        """Wait for words that are part of a text, in the language of this window."""
        words = polish if self.hands.language is Language.POLISH else english
        self.page.locator("main").get_by_text(words).first.wait_for()

    def sees_heading(self, text: str) -> None:
        """Wait for the page with that heading."""
        self.page.get_by_role("heading", level=1, name=self.says(text)).wait_for()

    def scrolls_sideways(self) -> int:
        """How many pixels of the page lie beside the window."""
        beside: int = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return beside


_USUAL = Hands()


@contextmanager
def open_window(
    browser: Browser, town: Town, hands: Hands = _USUAL, *, width: int = WIDE, dark: bool = False
) -> Iterator[Window]:
    """A window of a browser that nobody has signed in with; at the end there must be no fault."""
    context = browser.new_context(
        viewport={"width": width, "height": _HIGH},
        color_scheme="dark" if dark else "light",
        java_script_enabled=hands.script,
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": LANGUAGE_COOKIE, "value": str(hands.language), "url": town.url}])
    try:
        window = Window(context.new_page(), town, hands)
        yield window
        assert not window.faults, "\n".join(window.faults)
    finally:
        context.close()
