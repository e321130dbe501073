"""The translations: English texts stand in templates and code, ``locale/pl/*.po`` has them in Polish.

The catalogs are read as they are, when the first page is made; nothing is compiled beforehand.
"""

from __future__ import annotations

import gettext
from functools import cache
from importlib.resources import files
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from csire_bridge.console.language.languages import Language

__all__ = ["SENTENCES", "catalog", "catalogs", "translations"]

SENTENCES = "sentences"
"""How the names of files begin that hold patterns for sentences of the domain, and no texts of pages."""


def catalogs(language: Language) -> dict[str, Catalog]:
    """Each file of a language by its name without the ending; none for English."""
    folder = files("csire_bridge.console") / "locale" / language
    found = sorted((one for one in folder.iterdir()), key=lambda one: one.name) if folder.is_dir() else []
    read = {}
    for file in found:
        if file.name.endswith(".po"):
            with file.open("rb") as source:
                read[file.name.removesuffix(".po")] = read_po(source, locale=str(language), abort_invalid=True)
    return read


def catalog(language: Language) -> Catalog:
    """All files of a language as one. Raises ValueError where two files translate a text in different ways."""
    whole = Catalog(locale=str(language))
    for name, part in catalogs(language).items():
        if name.startswith(SENTENCES):
            continue
        for message in part:
            if not message.id or not message.string:
                continue
            there = whole.get(message.id, message.context)
            if there is not None and there.string and there.string != message.string:
                raise ValueError(f"{name}.po: {message.id!r} is {there.string!r} in another file")
            whole.add(message.id, message.string, context=message.context)
    return whole


@cache
def translations(language: Language) -> gettext.NullTranslations:
    """What gettext looks a text up in; English texts stay as they are."""
    if language is Language.ENGLISH:
        return gettext.NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalog(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
