"""What holds on every page, also on one that is new: the pages are found by following links, not by a list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from csire_bridge.console.language.languages import Language
from csire_bridge.domain.people.roles import Role
from tests.support.browser import NARROW, Hands, Town, Window, open_window
from tests.support.console_pages import Found, find_pages, routes, signed_in, work_of_people

pytestmark = pytest.mark.slow

WITHOUT_LINK = {
    "/orders/news": "the script of the list asks it",
    "/messages/news": "the script of the list asks it",
    "/documents/{kind}/{key}/differences": "a form chooses the other one",
}
"""Routes to which no link leads, each with the reason."""

_SERIOUS = {"serious", "critical"}
_CONTRAST: dict[str, Any] = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


@pytest.fixture(scope="module")
def found(browser: Browser, town: Town) -> Found:
    return find_pages(town, Role.ADMINISTRATOR, work_of_people(town))


def test_given_links_then_each_leads_to_a_page_and_each_page_has_a_link(found: Found) -> None:
    assert found.faults == []
    unreached = {route.path for route in routes()} - found.reached
    assert unreached <= set(WITHOUT_LINK)


def test_given_a_polish_page_then_no_sentence_on_it_stayed_english(town: Town, found: Found) -> None:
    """What has no translation is marked as English by the page itself."""
    stayed: dict[str, str] = {}
    with closing(signed_in(town, Role.ADMINISTRATOR)) as client:
        for address in found.pages:
            for sentence in re.findall(r'<span lang="en">(.*?)</span>', client.get(address).text, re.DOTALL):
                stayed.setdefault(sentence, address)
    assert stayed == {}


def visited(
    browser: Browser, town: Town, pages: Sequence[str], hands: Hands, width: int, *, dark: bool
) -> Iterator[Window]:
    """A window at each page in turn; at the end there was no error in its console, and no request to another host."""
    with open_window(browser, town, hands, width=width, dark=dark) as window:
        window.signs_in(Role.ADMINISTRATOR)
        for address in pages:
            window.goes_to(address)
            yield window


def test_given_a_wide_window_in_polish_then_axe_finds_nothing_serious(
    browser: Browser, town: Town, found: Found
) -> None:
    faults = []
    for window in visited(browser, town, found.one_of_each, Hands(), 1280, dark=False):
        faults += serious(window)
    assert faults == []


def test_given_the_dark_theme_then_everything_can_be_read(browser: Browser, town: Town, found: Found) -> None:
    faults = []
    for window in visited(browser, town, found.one_of_each, Hands(), 1280, dark=True):
        faults += serious(window, _CONTRAST)
    assert faults == []


def test_given_a_telephone_in_english_then_no_page_scrolls_sideways_and_none_has_two_headings(
    browser: Browser, town: Town, found: Found
) -> None:
    faults = []
    for window in visited(browser, town, found.pages, Hands(Language.ENGLISH), NARROW, dark=False):
        if beside := window.scrolls_sideways():
            faults.append(f"{window.path} is {beside} pixels too wide")
        if (headings := window.page.locator("h1").count()) != 1:
            faults.append(f"{window.path} has {headings} headings of the first level")
        if window.page.locator("html").get_attribute("lang") != "en":
            faults.append(f"{window.path} is not in English")
    assert faults == []


def test_given_paper_then_neither_menu_nor_buttons_are_printed(browser: Browser, town: Town, found: Found) -> None:
    faults = []
    for window in visited(browser, town, found.one_of_each, Hands(), 1280, dark=True):
        window.page.emulate_media(media="print")
        for what in ("nav.menu", "header.top .box", "main button"):
            shown = [one for one in window.page.locator(what).all() if one.is_visible()]
            faults += [f"{window.path} prints {what}"] if shown else []
        background = window.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        if background not in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"):
            faults.append(f"{window.path} is printed on {background}")
    assert faults == []


def serious(window: Window, options: dict[str, Any] | None = None) -> list[str]:
    """What axe finds on the page that would keep somebody out."""
    results = Axe().run(window.page, options=options)
    return [
        f"{window.path}: {one['id']}: {one['help']}: {[node['html'][:150] for node in one['nodes'][:3]]}"
        for one in results.response["violations"]
        if one["impact"] in _SERIOUS
    ]
