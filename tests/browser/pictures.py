"""Pictures of the console: ``python -m tests.browser.pictures FOLDER``, those of docs/console.md.

With ``--every``: each page that links lead to, wide and narrow, light and dark, and as printed, to be looked at.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser

from csire_bridge.console.language.languages import Language
from csire_bridge.domain.people.roles import Role
from tests.support.browser import NARROW, WIDE, Hands, Town, open_browser, open_town, open_window
from tests.support.console_pages import find_pages, work_of_people

_COLOURS = 64
_SHOWN = (
    ("today", "/", Role.OPERATOR),
    ("orders", "/orders", Role.OPERATOR),
    ("find", "/find?q=590000026256555237", Role.OPERATOR),
    ("messages", "/messages", Role.OPERATOR),
    ("rules", "/rules", Role.SUPERVISOR),
    ("figures", "/figures", Role.SUPERVISOR),
    ("audit", "/audit", Role.AUDITOR),
    ("people", "/people", Role.ADMINISTRATOR),
)


@contextmanager
def everything() -> Iterator[tuple[Browser, Town]]:
    """A browser, and the console over the data of a demo that was played for it."""
    with TemporaryDirectory() as folder, open_browser() as browser:
        played = Path(folder) / "demo"
        command = [str(Path(sys.executable).with_name("csire-bridge")), "demo", "--dir", str(played)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with open_town(played, Path(folder) / "town") as town:
            yield browser, town


def shown(browser: Browser, town: Town, place: Path) -> None:
    """The pages of the documents, in English."""
    for name, path, role in _SHOWN:
        with open_window(browser, town, Hands(Language.ENGLISH)) as window:
            window.signs_in(role, path)
            keep(window.page.screenshot(), place / f"{name}.png")


def every(browser: Browser, town: Town, place: Path) -> None:
    """Each page, as it looks to whoever may do everything."""
    pages = find_pages(town, Role.ADMINISTRATOR, work_of_people(town)).pages
    for width, dark, printed in ((WIDE, False, False), (NARROW, False, False), (WIDE, True, False), (WIDE, True, True)):
        with open_window(browser, town, width=width, dark=dark) as window:
            window.signs_in(Role.ADMINISTRATOR)
            window.page.emulate_media(media="print" if printed else "screen")
            kind = "print" if printed else f"{width}{'-dark' if dark else ''}"
            for path in pages:
                window.goes_to(path)
                name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:60] or "today"
                keep(window.page.screenshot(full_page=True), place / f"{name}.{kind}.png")


def keep(png: bytes, file: Path) -> None:
    """Write a picture with few colours, which pages of text don't miss."""
    with Image.open(BytesIO(png)) as picture:
        picture.convert("RGB").quantize(_COLOURS).save(file, optimize=True)


def main() -> None:
    """Take them."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder", type=Path)
    words.add_argument("--every", action="store_true", help="every page, to be looked at")
    told = words.parse_args()
    told.folder.mkdir(parents=True, exist_ok=True)
    with everything() as (browser, town):
        (every if told.every else shown)(browser, town, told.folder)


if __name__ == "__main__":
    main()
