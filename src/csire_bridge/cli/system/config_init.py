"""``csire-bridge config init``: from nothing to a settings file, keys and a database; and new keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.shared.arguments import parse_eic
from csire_bridge.cli.shared.console import ConfigOption, out
from csire_bridge.cli.shared.lab import lab_module
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.config.first_settings import FirstAnswers

__all__ = ["init", "key"]

_HUB_EIC = "10XPL-TSO------P"
_DATABASE = "sqlite:///csire-bridge.db"


def init(
    folder: Annotated[Path, typer.Argument(help="Where everything is made.", file_okay=False)] = Path(),
    *,
    eic: Annotated[str | None, typer.Option(help="Our EIC code.")] = None,
    hub_eic: Annotated[str | None, typer.Option(help=f"The hub's EIC code; {_HUB_EIC} unless said.")] = None,
    database: Annotated[str | None, typer.Option(help=f"Address of the database; {_DATABASE} unless said.")] = None,
    hub_url: Annotated[str | None, typer.Option(help="The hub's web service.")] = None,
    hub_tenant: Annotated[str | None, typer.Option(help="Our tenant at the hub.")] = None,
    hub_user: Annotated[str | None, typer.Option(help="Our user at the hub.")] = None,
    head_end_url: Annotated[str | None, typer.Option(help="The head-end system's SOAP endpoint.")] = None,
    sid_url: Annotated[str | None, typer.Option(help="SID's SOAP endpoint.")] = None,
    sid_user: Annotated[str | None, typer.Option(help="Our user at SID.")] = None,
    admin: Annotated[str | None, typer.Option(help="Name of the first administrator's account.")] = None,
    trial: Annotated[
        bool, typer.Option("--trial", help="With demo certificates of all parties; never for production.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: what no option says is left out.")] = False,
) -> None:
    """Make settings, keys, a database and an administrator for a new installation, and say what is left to do.

    Asks for what no option says; --yes is for scripts. Makes a private key and a certificate signing request; with
    --trial demo certificates of all parties instead. Run it again after an interruption: what is there stays as it is.

    Example:

        csire-bridge config init /etc/csire-bridge --eic 19XENERGAOPERATS --yes
    """
    from csire_bridge.cli.shared.settings import load_settings
    from csire_bridge.service import first_setup

    config, password = folder / "config.toml", None
    asked = _Questions(yes)
    if config.exists():
        out.print(f"{config} is there: it stays as it is", highlight=False)
    else:
        answers = asked.answers(
            (eic, hub_eic, database), (hub_url, hub_tenant, hub_user), head_end_url, (sid_url, sid_user), trial=trial
        )
        password = asked.secret("Our password at SID") if answers.sid_user else None
        admin = asked.maybe("Name of the first administrator", admin)
        _write(config, answers)
    settings = load_settings(config)
    base = config.resolve().parent
    made = [first_setup.make_folders(base), first_setup.make_keys(settings), first_setup.make_database(settings)]
    if password and settings.sid.password_file:
        made.append(first_setup.keep_password(settings.sid.password_file, password))
    if admin is not None:
        made.append(first_setup.first_administrator(settings, admin, system_clock()))
    for step in made:
        for line in step:
            out.print(line, highlight=False, markup=False)
    out.print("\nnext:")
    left = [*first_setup.account_steps(admin, config), *first_setup.next_steps(settings, config)]
    for number, line in enumerate(left, start=1):
        out.print(f"{number}. {line}", highlight=False, markup=False)


def key(
    file: Annotated[Path, typer.Argument(help="Its file, such as keys/signing-2027.key.pem.", dir_okay=False)],
    config: ConfigOption = None,
) -> None:
    """Make a private key that only its owner can read, and a certificate signing request beside it.

    For the rotation of our key (docs/keys.md). A file that is there is never replaced.

    Example:

        csire-bridge config key keys/signing-2027.key.pem --config config.toml
    """
    from csire_bridge.cli.shared.settings import load_settings
    from csire_bridge.service.first_setup import make_key

    settings = load_settings(config)
    try:
        out.print(make_key(file, settings.own_eic), highlight=False, markup=False)
    except FileExistsError as error:
        raise typer.BadParameter(f"{error.filename} is there already; it stays as it is") from error


def _write(config: Path, answers: FirstAnswers) -> None:
    """Write the settings file; with trial certificates beside it, if asked. Nothing is written for wrong answers."""
    import tomllib

    from pydantic import ValidationError

    from csire_bridge.config.first_settings import first_settings
    from csire_bridge.config.settings import Settings

    text = first_settings(answers)
    try:
        Settings.model_validate(tomllib.loads(text))
    except ValidationError as error:
        told = "\n".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ConfigurationError(told, "say it otherwise; nothing was written") from error
    config.parent.mkdir(parents=True, exist_ok=True)
    if answers.pki and not (config.parent / "pki").exists():
        _make_pki(config.parent, answers)
    with config.open("x", encoding="utf-8") as file:
        file.write(text)
    out.print(f"made {config}", highlight=False)


def _make_pki(folder: Path, answers: FirstAnswers) -> None:
    from dataclasses import replace

    from csire_bridge.domain.identifiers import Eic

    pki = lab_module("simulators.pki")
    parties = replace(pki.DEMO_PARTIES, hub=Eic(answers.hub_eic), operator=Eic(answers.own_eic))
    pki.make_demo_pki(folder, system_clock(), parties=parties)
    out.print(f"made demo certificates in {folder / 'pki'}: for trials only", highlight=False)


@dataclass(frozen=True)
class _Questions:
    """Asks for what no option said, unless ``silent``."""

    silent: bool

    def answers(
        self,
        general: tuple[str | None, str | None, str | None],
        hub: tuple[str | None, str | None, str | None],
        head_end: str | None,
        sid: tuple[str | None, str | None],
        *,
        trial: bool,
    ) -> FirstAnswers:
        """All of them; BadParameter for an EIC that is none, or is missing."""
        from csire_bridge.config.first_settings import FirstAnswers

        eic, hub_eic, database = general
        if eic is None and self.silent:
            raise typer.BadParameter("--yes needs --eic: our EIC code has no default")
        own = parse_eic(eic or typer.prompt("Our EIC code"))
        the_hub = parse_eic(self._with_default("EIC code of the hub", hub_eic, _HUB_EIC))
        address = self._with_default("Address of the database", database, _DATABASE)
        hub_url = self.maybe("Address of the hub's web service", hub[0])
        tenant = self.maybe("Our tenant at the hub", hub[1]) if hub_url else None
        user = self.maybe("Our user at the hub", hub[2]) if hub_url else None
        meters = self.maybe("Address of the head-end system", head_end)
        sid_url = self.maybe("Address of SID", sid[0])
        sid_user = self.maybe("Our user at SID", sid[1]) if sid_url else None
        return FirstAnswers(own, the_hub, address, hub_url, tenant, user, meters, sid_url, sid_user, pki=trial)

    def _with_default(self, question: str, given: str | None, default: str) -> str:
        if given is not None or self.silent:
            return given or default
        return str(typer.prompt(question, default=default))

    def maybe(self, question: str, given: str | None) -> str | None:
        """The answer, or None for none."""
        if given is not None or self.silent:
            return given
        return str(typer.prompt(f"{question} (Enter: none)", default="", show_default=False)) or None

    def secret(self, question: str) -> str | None:
        """The answer, which is not shown; None for none, or where nothing is asked."""
        if self.silent:
            return None
        question = f"{question} (not shown; Enter: later, into a file)"
        return str(typer.prompt(question, default="", show_default=False, hide_input=True)).strip() or None
