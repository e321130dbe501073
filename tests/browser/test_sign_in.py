"""In and out, as everybody does it each day."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from csire_bridge.console.language.languages import Language
from csire_bridge.domain.people.roles import Role
from csire_bridge.lab.demo.accounts import NAMES
from tests.support.browser import Hands, Town, open_window

pytestmark = pytest.mark.slow

WAYS = [Hands(), Hands(Language.ENGLISH, keyboard=True), Hands(script=False)]


@pytest.mark.parametrize("hands", WAYS, ids=str)
def test_given_a_wrong_password_then_it_is_said_and_the_right_one_leads_to_the_page_that_was_wanted(
    browser: Browser, town: Town, hands: Hands
) -> None:
    with open_window(browser, town, hands) as window:
        window.goes_to("/?from=mail")
        window.fills("Name", NAMES[Role.OPERATOR])
        window.fills("Password", "guessed")
        window.presses("Sign in")
        window.page.get_by_role("alert").wait_for()
        window.fills("Password", town.passwords[Role.OPERATOR])
        window.presses("Sign in")
        window.page.locator("nav.menu").wait_for()
        assert window.path == "/?from=mail"


@pytest.mark.parametrize("hands", WAYS, ids=str)
def test_given_somebody_who_signs_out_then_the_way_back_shows_nothing(
    browser: Browser, town: Town, hands: Hands
) -> None:
    with open_window(browser, town, hands) as window:
        window.signs_in(Role.VIEWER)
        window.opens(NAMES[Role.VIEWER], "header")
        window.presses("Sign out", "header")
        window.sees_heading("Sign in")
        window.page.go_back()
        window.sees_heading("Sign in")


def test_given_the_other_language_and_the_dark_theme_then_this_browser_keeps_both(browser: Browser, town: Town) -> None:
    with open_window(browser, town, Hands(Language.ENGLISH)) as window:
        window.goes_to("/login")
        window.page.get_by_role("button", name="Polski").click()
        window.page.get_by_role("heading", name="Zaloguj").wait_for()
        assert window.page.locator("html").get_attribute("lang") == "pl"
