"""Every setting of the bridge, from options, the environment and a TOML file, checked at start.

In the environment they are ``CSIRE_BRIDGE_DATABASE``, ``CSIRE_BRIDGE_HEAD_END__URL`` and so on. Secrets are
named by file only. Times are seconds unless the name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, PrivateAttr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from csire_bridge.config.resources import folder
from csire_bridge.config.sections.alerts import AlertSettings
from csire_bridge.config.sections.deadlines import DeadlineSettings
from csire_bridge.config.sections.execution import AgreementSettings, ExecutionSettings
from csire_bridge.config.sections.jobs import JobSettings
from csire_bridge.config.sections.law import LawSettings
from csire_bridge.config.sections.peers.head_end import HeadEndSettings
from csire_bridge.config.sections.peers.parties import Folders, HubSettings, Part, PartnerSettings, Party
from csire_bridge.config.sections.peers.sid import SidSettings
from csire_bridge.config.sections.peers.signing import SigningSettings
from csire_bridge.config.sections.reports import ReportSettings
from csire_bridge.config.sections.retention import RetentionSettings
from csire_bridge.config.sections.running.access import AccessSettings
from csire_bridge.config.sections.running.health import HealthSettings
from csire_bridge.config.sections.running.logging import LoggingSettings
from csire_bridge.config.sections.running.metrics import MetricsSettings
from csire_bridge.config.sections.running.storage import StorageSettings
from csire_bridge.config.sections.running.traces import TracesSettings
from csire_bridge.config.sections.running.web import WebSettings
from csire_bridge.config.sources.environment import PREFIX, environment_layer, unknown_variables
from csire_bridge.config.sources.layers import Layer, Source, keys_below, merged
from csire_bridge.config.sources.problems import REMOVED, sentences
from csire_bridge.config.sources.settings_file import file_layer
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.envelope_rules import Limits
from csire_bridge.domain.message.partners import PartnerLimits

__all__ = [
    "DATABASE_FILE",
    "AccessSettings",
    "DeadlineSettings",
    "ExecutionSettings",
    "HeadEndSettings",
    "HubSettings",
    "LawSettings",
    "LimitSettings",
    "PartnerSettings",
    "ReadSettings",
    "RetentionSettings",
    "Settings",
    "SidSettings",
    "StorageSettings",
    "WebSettings",
    "WorkerSettings",
    "load_settings",
    "read_settings",
]

DATABASE_FILE = "csire-bridge.db"
"""The name of the SQLite database where the settings name no other."""


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
    """All settings. ``own_eic`` is our EIC code, ``hub_eic`` the hub's.

    We sign with ``signing_key`` and ``signing_certificate``, or with one of the keys of ``signing`` at a time.
    With ``group_may_read_keys``, files of keys and passwords may be readable by their group, as with secrets that a
    container gets mounted; otherwise they are for their owner only.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, case_sensitive=False
    )

    own_eic: Party = "19XENERGAOPERATS"
    hub_eic: Party = "10XPL-TSO------P"
    sender_role: Literal["CK0080", "CK0082"] = "CK0082"
    database: str = f"sqlite:///{DATABASE_FILE}"
    storage: StorageSettings = StorageSettings()
    schemas: Folders = ()
    mappings: Folders = ()
    signing_key: Path | None = None
    signing_certificate: Path | None = None
    signing: tuple[SigningSettings, ...] = ()
    group_may_read_keys: bool = False
    partners: tuple[PartnerSettings, ...] = ()
    delivery_folder: Path = Path("acknowledgements")
    limits: LimitSettings = LimitSettings()
    releases: dict[Party, str] = Field(default_factory=dict)
    head_end: HeadEndSettings = HeadEndSettings()
    execution: ExecutionSettings = ExecutionSettings()
    agreements: AgreementSettings = AgreementSettings()
    hub: HubSettings = HubSettings()
    worker: WorkerSettings = WorkerSettings()
    jobs: JobSettings = JobSettings()
    web: WebSettings = WebSettings()
    deadlines: DeadlineSettings = DeadlineSettings()
    law: LawSettings = LawSettings()
    sid: SidSettings = SidSettings()
    retention: RetentionSettings = RetentionSettings()
    reports: ReportSettings = ReportSettings()
    logging: LoggingSettings = LoggingSettings()
    metrics: MetricsSettings = MetricsSettings()
    access: AccessSettings = AccessSettings()
    traces: TracesSettings = TracesSettings()
    health: HealthSettings = HealthSettings()
    alerts: AlertSettings = AlertSettings()
    _layers: tuple[Layer, ...] = PrivateAttr(default=())

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

    @model_validator(mode="after")
    def _reports_have_a_mail_server(self) -> Settings:
        if self.reports.mail and not (self.alerts.mail.host and self.alerts.mail.sender):
            raise ValueError("reports.mail needs a mail server: set alerts.mail.host and alerts.mail.sender")
        return self

    @model_validator(mode="after")
    def _signs_in_one_way(self) -> Settings:
        if self.signing and (self.signing_key or self.signing_certificate):
            raise ValueError("signing_key and signing_certificate stand beside [[signing]]: move them into it")
        return self

    @property
    def as_read(self) -> ReadSettings:
        """The settings with the sources of their values, as far as they are known."""
        return ReadSettings(self, self._layers)

    @property
    def signing_pairs(self) -> tuple[SigningSettings, ...]:
        """Our signing keys; none if none is set."""
        if self.signing_key and self.signing_certificate:
            return (SigningSettings(key=self.signing_key, certificate=self.signing_certificate),)
        return self.signing

    @property
    def schema_path(self) -> list[Path]:
        """Folders of schemas, the first one wins; our own come last."""
        return [*self.schemas, folder("schemas")]

    @property
    def mapping_path(self) -> list[Path]:
        """Folders of mapping files, the first one wins; our own come last."""
        return [*self.mappings, folder("mappings")]


def load_settings(file: Path | None = None, *, environment: bool = True, **options: object) -> Settings:
    """Read the settings: options win over the environment, the environment over the file.

    Relative paths in the file count from the file's own folder. ``environment=False`` is for tests and demos,
    which must never use addresses from the environment. Raises ConfigurationError that lists everything wrong.
    """
    return read_settings(file, environment=environment, **options).settings


@dataclass(frozen=True)
class ReadSettings:
    """The settings, and what each source gave."""

    settings: Settings
    layers: tuple[Layer, ...]


def read_settings(file: Path | None = None, *, environment: bool = True, **options: object) -> ReadSettings:
    """The same as ``load_settings``, with the sources of the values."""
    given = {name: value for name, value in options.items() if value is not None}
    told = {key: f"option --{str(key[-1]).replace('_', '-')}" for key in keys_below(given)}
    layers = (
        *((file_layer(file, Settings),) if file else ()),
        *((environment_layer(Settings, list(REMOVED)),) if environment else ()),
        Layer(Source.OPTION, given, told),
    )
    wrong = unknown_variables(Settings, list(REMOVED)) if environment else {}
    try:
        settings = Settings.model_validate(merged(layers))
    except ValidationError as error:
        raise ConfigurationError("\n".join([*wrong.values(), *sentences(error, layers, Settings, wrong)])) from error
    if wrong:
        raise ConfigurationError("\n".join(wrong.values()))
    settings._layers = layers
    return settings.as_read
