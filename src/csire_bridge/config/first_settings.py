"""The text of a first settings file: what an operator has to say, and the defaults for everything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FirstAnswers", "first_settings"]


@dataclass(frozen=True)
class FirstAnswers:
    """What is asked for: who we are, and where everything is. None: not used, or not known yet.

    ``pki`` names trial certificates instead of keys for production.
    """

    own_eic: str
    hub_eic: str
    database: str
    hub_url: str | None = None
    hub_tenant: str | None = None
    hub_user: str | None = None
    head_end_url: str | None = None
    sid_url: str | None = None
    sid_user: str | None = None
    pki: bool = False


def first_settings(answers: FirstAnswers) -> str:
    """A settings file (TOML) with comments."""
    return (
        "\n".join([*_general(answers), *_hub(answers), *_head_end(answers), *_sid(answers), *_partners(answers)]) + "\n"
    )


def _line(name: str, value: str | None, example: str = "") -> str:
    """A setting; as a comment with an example where there is no value."""
    return f"# {name} = {_text(example)}" if value is None else f"{name} = {_text(value)}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _general(answers: FirstAnswers) -> Iterator[str]:
    key, certificate = _PKI if answers.pki else _OWN
    yield "# Settings of csire-bridge, written by `csire-bridge config init`. What is not here has its default."
    yield "# All settings are in docs/settings.md; with --config and this file:"
    yield "#   csire-bridge config check   what is wrong        csire-bridge config show   every value in force"
    yield "# Relative paths count from the folder of this file."
    yield ""
    yield "# Our EIC code, and the one of the hub."
    yield _line("own_eic", answers.own_eic)
    yield _line("hub_eic", answers.hub_eic)
    yield ""
    yield "# Made and upgraded by `csire-bridge db upgrade`."
    yield _line("database", answers.database)
    yield ""
    yield "# What we sign with; docs/keys.md tells how it is replaced." + (" FOR TRIALS ONLY." if answers.pki else "")
    yield _line("signing_key", key)
    yield _line("signing_certificate", certificate)
    yield ""
    yield "# Without hub.url, answers are written into this folder."
    yield _line("delivery_folder", _beside_database(answers.database))


def _beside_database(address: str) -> str:
    """The folder for answers: beside an SQLite file with a whole path, as the settings may lie where nobody writes."""
    file = address.removeprefix("sqlite:///")
    return (
        str(Path(file).with_name("acknowledgements"))
        if file != address and file.startswith("/")
        else "acknowledgements"
    )


def _hub(answers: FirstAnswers) -> Iterator[str]:
    yield ""
    yield "# The hub's web service: our answers go there, and our queue is emptied."
    yield "[hub]"
    yield _line("url", answers.hub_url, "https://hub.example")
    yield _line("tenant", answers.hub_tenant, "TENANT")
    yield _line("user", answers.hub_user, "USER")
    yield _line("ca_bundle", None, "partners/hub-ca.pem")
    yield _line("client_certificate", None, "keys/tls.cert.pem")
    yield _line("client_key", None, "keys/tls.key.pem")


def _head_end(answers: FirstAnswers) -> Iterator[str]:
    yield ""
    yield "# The head-end system of the meters. Without url, orders are registered and wait."
    yield "[head_end]"
    yield _line("url", answers.head_end_url, "https://hes.example/hes")
    yield "# Where it sends its events, as it sees this service."
    yield _line("reply_address", None, "http://bridge.example:8080/hes/events")


def _sid(answers: FirstAnswers) -> Iterator[str]:
    yield ""
    yield "# The customer system. Without url, the bridge does not speak with it."
    yield "[sid]"
    yield _line("url", answers.sid_url, "https://sid.example/services/bridge")
    yield _line("user", answers.sid_user, "bridge")
    yield _line("password_file", None if answers.sid_user is None else SID_PASSWORD, SID_PASSWORD)


def _partners(answers: FirstAnswers) -> Iterator[str]:
    yield ""
    yield "# Who may send us messages, and the certificates that they sign with; more: docs/partners.md."
    yield "[[partners]]"
    yield _line("eic", answers.hub_eic)
    yield _line("role", "hub")
    yield f"certificates = [{_text('pki/hub.cert.pem' if answers.pki else 'partners/hub.cert.pem')}]"


_PKI = ("pki/operator.key.pem", "pki/operator.cert.pem")
_OWN = ("keys/signing.key.pem", "keys/signing.cert.pem")
SID_PASSWORD = "secrets/sid.password"  # noqa: S105 - a file's name
