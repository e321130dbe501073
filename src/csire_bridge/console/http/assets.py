"""The style, which stands in each page so that it can be shown at once, and the one script."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.resources import files

__all__ = ["script", "script_address", "style"]


@cache
def style() -> str:
    """Every part of the style, in the order of their names."""
    folder = files("csire_bridge.console") / "static" / "css"
    parts = sorted((one for one in folder.iterdir() if one.name.endswith(".css")), key=lambda one: one.name)
    return "\n".join(_bare(one.read_text("utf-8")) for one in parts)


@cache
def script() -> bytes:
    """The script."""
    return (files("csire_bridge.console") / "static" / "console.js").read_bytes()


@cache
def script_address() -> str:
    """Its address, which changes with it."""
    return f"/static/console-{hashlib.sha256(script()).hexdigest()[:16]}.js"


def _bare(css: str) -> str:
    """Without spaces and ends of lines that mean nothing: each page carries it."""
    joined = " ".join(css.split())
    return re.sub(r" ?([{};,]) ?|(?<=:) ", lambda found: found[1] or "", joined).replace(";}", "}")
