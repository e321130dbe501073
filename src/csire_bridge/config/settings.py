"""Every setting of the bridge, from options, the environment and a TOML file, checked at start.

In the environment they are ``CSIRE_BRIDGE_DATABASE``, ``CSIRE_BRIDGE_HEAD_END__URL`` and so on. Secrets are
named by file only. Times are seconds unless the name says otherwise.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from csire_bridge.config.resources import folder
from csire_bridge.config.sections.deadlines import DeadlineSettings
from csire_bridge.config.sections.execution import AgreementSettings, ExecutionSettings
from csire_bridge.config.sections.head_end import HeadEndSettings
from csire_bridge.config.sections.law import LawSettings
from csire_bridge.config.sections.logging import LoggingSettings
from csire_bridge.config.sections.parties import Folders, HubSettings, Part, PartnerSettings, Party
from csire_bridge.config.sections.retention import RetentionSettings
from csire_bridge.config.sections.sid import SidSettings
from csire_bridge.config.sections.web import WebSettings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.envelope_rules import Limits
from csire_bridge.domain.message.partners import PartnerLimits

__all__ = [
    "DATABASE_FILE",
    "DeadlineSettings",
    "ExecutionSettings",
    "HeadEndSettings",
    "HubSettings",
    "LawSettings",
    "LimitSettings",
    "PartnerSettings",
    "RetentionSettings",
    "Settings",
    "SidSettings",
    "WebSettings",
    "WorkerSettings",
    "load_settings",
]

DATABASE_FILE = "csire-bridge.db"
"""The name of the SQLite database where the settings name no other."""

_ENVIRONMENT_PREFIX = "CSIRE_BRIDGE_"


class LimitSettings(Part):
    """How old or early messages may be, how large they may be, and how long the hub's R_1 may take.

    ``partner_wait_seconds`` is how long a partner may accept nothing, or send nothing, before an alert opens.
    ``judge_again_days`` is how long a refusal that may be our fault is judged again. A disconnection that was asked
    for more than ``oldest_disconnection_days`` ago is left to a person.
    """

    clock_skew_seconds: float = Field(default=300, ge=0)
    replay_window_days: float = Field(default=3, gt=0)
    horizon_days: float = Field(default=366, gt=0)
    result_wait_seconds: float = Field(default=3600, gt=0)
    partner_wait_seconds: float = Field(default=600, gt=0)
    judge_again_days: float = Field(default=7, gt=0)
    oldest_disconnection_days: float = Field(default=3, gt=0)
    max_message_bytes: int = Field(default=PartnerLimits().max_bytes, gt=0, le=50 * 1024 * 1024)

    def as_limits(self) -> Limits:
        """The same as values of the domain."""
        return Limits(
            clock_skew=timedelta(seconds=self.clock_skew_seconds),
            replay_window=timedelta(days=self.replay_window_days),
            horizon=timedelta(days=self.horizon_days),
        )


class WorkerSettings(Part):
    """How the worker leases its work, and how long it rests when nothing is due.

    ``at_once`` is how many meters are called at the same time; ``stuck_at_once`` more, which have not answered for a
    second, are not counted. ``most_lapses`` is how often a lease on the same piece of work may run out, as when the
    process died, before the piece is parked.
    """

    batch: int = Field(default=32, gt=0, le=1000)
    at_once: int = Field(default=8, gt=0, le=64)
    stuck_at_once: int = Field(default=64, ge=0, le=1000)
    lease_seconds: float = Field(default=60, gt=0)
    most_lapses: int = Field(default=5, gt=1)
    idle_seconds: float = Field(default=0.5, gt=0)


class Settings(BaseSettings):
    """All settings. ``own_eic`` is our EIC code, ``hub_eic`` the hub's."""

    model_config = SettingsConfigDict(
        env_prefix=_ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, case_sensitive=False
    )

    own_eic: Party = "19XENERGAOPERATS"
    hub_eic: Party = "10XPL-TSO------P"
    sender_role: Literal["CK0080", "CK0082"] = "CK0082"
    database: str = f"sqlite:///{DATABASE_FILE}"
    schemas: Folders = ()
    mappings: Folders = ()
    signing_key: Path | None = None
    signing_certificate: Path | None = None
    partners: tuple[PartnerSettings, ...] = ()
    delivery_folder: Path = Path("acknowledgements")
    limits: LimitSettings = LimitSettings()
    head_end: HeadEndSettings = HeadEndSettings()
    execution: ExecutionSettings = ExecutionSettings()
    agreements: AgreementSettings = AgreementSettings()
    hub: HubSettings = HubSettings()
    worker: WorkerSettings = WorkerSettings()
    web: WebSettings = WebSettings()
    deadlines: DeadlineSettings = DeadlineSettings()
    law: LawSettings = LawSettings()
    sid: SidSettings = SidSettings()
    retention: RetentionSettings = RetentionSettings()
    logging: LoggingSettings = LoggingSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only the values passed by ``load_settings``, which decides about their precedence."""
        return (init_settings,)

    @model_validator(mode="after")
    def _partners_keep_to_their_roles(self) -> Settings:
        hub = Eic(self.hub_eic)
        found = [against for partner in self.partners if (against := partner.against_its_role(hub))]
        if found:
            raise ValueError("; ".join(found))
        return self

    @property
    def schema_path(self) -> list[Path]:
        """Folders of schemas, the first one wins; our own come last."""
        return [*self.schemas, folder("schemas")]

    @property
    def mapping_path(self) -> list[Path]:
        """Folders of mapping files, the first one wins; our own come last."""
        return [*self.mappings, folder("mappings")]


def load_settings(file: Path | None = None, *, environment: bool = True, **options: Any) -> Settings:
    """Read the settings: options win over the environment, the environment over the file.

    Relative paths in the file count from the file's own folder. ``environment=False`` is for tests and demos,
    which must never use addresses from the environment. Raises ConfigurationError that lists everything wrong.
    """
    values = _from_file(file) if file else {}
    if environment:
        values = _merged(values, _from_environment())
    values = _merged(values, {name: value for name, value in options.items() if value is not None})
    try:
        return Settings(**values)
    except ValidationError as error:
        raise ConfigurationError("\n".join(_sentence(e) for e in error.errors())) from error


def _sentence(problem: ErrorDetails) -> str:
    """What is wrong with one setting, and what to do about it."""
    place = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden" and place in _REMOVED:
        return f"setting {place}: it was removed -> {_REMOVED[place]}"
    remedy = _REMEDIES.get(problem["type"], "correct it in the settings file, the environment or the options")
    return f"setting {place}: {problem['msg'].removeprefix('Value error, ')} -> {remedy}"


_REMEDIES = {
    "extra_forbidden": "there is no such setting: correct its name or take it out",
    "missing": "add it",
}
_REMOVED = {
    "cores": "take it out, and pin the service from outside: CPUAffinity= in its systemd unit, or taskset -c",
    "execution.complaint_hold_days": "take it out: a complaint holds until it is decided or released, by the law file",
}
"""Settings of before, each with what to do instead."""


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both, where groups such as ``head_end`` are merged key by key."""
    both = dict(below)
    for name, value in above.items():
        under = both.get(name)
        both[name] = _merged(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return both


def _from_environment() -> dict[str, Any]:
    try:
        return {**_removed_in_environment(), **EnvSettingsSource(Settings)()}
    except SettingsError as error:
        raise ConfigurationError(
            f"a setting in the environment can't be read: {error}", 'write lists as JSON, such as ["a", "b"]'
        ) from error


def _removed_in_environment() -> dict[str, str]:
    """Settings that were removed and are still set: pydantic looks up those that exist only."""
    there = {name.upper(): value for name, value in os.environ.items()}
    variables = {name: f"{_ENVIRONMENT_PREFIX}{name}".upper() for name in _REMOVED}
    return {name: there[variable] for name, variable in variables.items() if variable in there}


def _from_file(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the settings file {file} can't be read: {error}", "correct the file") from error
    base = file.resolve().parent
    _place(values, _PATHS, base)
    if isinstance(database := values.get("database"), str):
        values["database"] = _database_beside(base, database)
    for partner in values.get("partners", ()):
        _place(partner, _PARTNER_PATHS, base)
    for group in ("hub", "head_end"):
        _place(values.get(group), _TLS_PATHS, base)
    _place(values.get("sid"), _SID_PATHS, base)
    _place(values.get("retention"), ("archive",), base)
    return values


def _place(values: object, names: Iterable[str], base: Path) -> None:
    if isinstance(values, dict):
        values.update({name: _beside(base, values[name]) for name in names if name in values})


_TLS_PATHS = ("ca_bundle", "client_certificate", "client_key")
_SID_PATHS = (*_TLS_PATHS, "password_file", "certificates", "caller_password_file")
_PARTNER_PATHS = ("certificates", "revocation_list", "revocation_authority")
_PATHS = ("schemas", "mappings", "signing_key", "signing_certificate", "delivery_folder")


def _database_beside(base: Path, address: str) -> str:
    """``address`` with its SQLite file counted from ``base``, if it names one by a relative path."""
    name, found, file = address.partition("sqlite:///")
    in_memory = not file or file.startswith((":memory:", "file:"))
    return f"sqlite:///{base / file}" if found and not name and not in_memory else address


def _beside(base: Path, value: object) -> object:
    if isinstance(value, list):
        return [_beside(base, item) for item in value]
    return base / value if isinstance(value, str) else value
