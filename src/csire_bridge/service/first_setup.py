"""Makes what a new installation needs: folders, key and signing request, settings file, database, a first
administrator. Replaces nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from csire_bridge.access import user_actions
from csire_bridge.access.passwords import Passwords
from csire_bridge.access.secrets import new_password
from csire_bridge.config.private_files import private_files, write_private
from csire_bridge.config.settings import Settings
from csire_bridge.domain.errors import StoreFailure
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.roles import Role
from csire_bridge.store.database import Database
from csire_bridge.xml.security.certificates.new_keys import new_key, private_pem, signing_request

__all__ = [
    "account_steps",
    "first_administrator",
    "keep_password",
    "make_database",
    "make_folders",
    "make_key",
    "make_keys",
    "next_steps",
]

_FOLDERS = {"keys": 0o700, "secrets": 0o700, "partners": 0o755}


def make_folders(base: Path) -> Iterator[str]:
    """The folders for keys, passwords and partners' certificates; tells each that was made."""
    for name, mode in _FOLDERS.items():
        folder = base / name
        if not folder.is_dir():
            folder.mkdir(mode=mode, parents=True)
            yield f"made {folder}"


def make_keys(settings: Settings) -> Iterator[str]:
    """A private key and its signing request for each signing key of the settings whose file is not there."""
    for pair in settings.signing_pairs:
        if not pair.key.exists():
            yield make_key(pair.key, settings.own_eic)


def make_key(file: Path, own_eic: str) -> str:
    """A private key, and a request for its certificate beside it; says so. Raises FileExistsError, OSError."""
    made, request = new_key(), _request(file)
    write_private(file, private_pem(made))
    with request.open("xb") as stream:
        stream.write(signing_request(made, Eic(own_eic)))
    return f"made the private key {file}, and the signing request {request}"


def _request(key: Path) -> Path:
    return key.with_name(key.name.partition(".")[0] + ".csr.pem")


def make_database(settings: Settings) -> Iterator[str]:
    """The database with its tables, if there is none; one that can't be reached is told and left."""
    with closing(Database(settings.database)) as database:
        if database.file and database.file.exists():
            return
        try:
            database.upgrade()
        except StoreFailure as error:
            yield f"the database was not made: {error}"
        else:
            yield f"made the tables of the database{f' {database.file}' if database.file else ''}"


def keep_password(file: Path, password: str) -> Iterator[str]:
    """Write a password into a file that only its owner can read; one that is there stays."""
    if not file.exists():
        write_private(file, f"{password}\n".encode())
        yield f"made {file}"


def first_administrator(settings: Settings, name: str, now: datetime) -> Iterator[str]:
    """The account of an administrator, with an initial password that is told this once; none if there are accounts.

    Raises ActionRefused for a name that can't be one, StoreFailure where the database can't be reached.
    """
    password = new_password()
    with closing(Database(settings.database)) as database:
        database.require_current()
        with database.read_transaction() as reading:
            if reading.accounts.any():
                yield "there are accounts already: no administrator was added"
                return
        stored = Passwords().hash(password)
        with database.transaction() as tx:
            account = user_actions.add(tx, name, Role.ADMINISTRATOR, stored, OperatorAction("config init", now))
    yield f"made the account {account.name} (administrator); initial password, shown this once: {password}"


def next_steps(settings: Settings, config: Path) -> Iterator[str]:
    """What is left for a person to do until the service runs."""
    for pair in settings.signing_pairs:
        if not pair.certificate.exists():
            yield f"send {_request(pair.key)} to your certificate authority; its answer becomes {pair.certificate}"
    for partner in settings.partners:
        for file in partner.certificates:
            if not file.exists():
                yield f"put the certificate that {partner.eic} signs with into {file}"
    for name, file in private_files(settings):
        if not file.exists():
            yield f"write what {name} asks for into {file}, and chmod 600 {file}"
    yield f"csire-bridge config check --config {config}"
    yield f"csire-bridge db upgrade --config {config}      (after each new version)"
    yield f"csire-bridge points import LIST --config {config}      (which metering point has which meter)"
    yield f"csire-bridge serve --config {config}"


def account_steps(name: str | None, config: Path) -> Iterator[str]:
    """What is left to do about accounts; ``name`` is that of the first administrator, if there is one."""
    if name is None:
        yield f"csire-bridge users add NAME --role administrator --by NAME --config {config}      (the first account)"
    told = name or "NAME"
    yield f"csire-bridge users password {told} --config {config}      (the initial one must be changed)"
    yield f"csire-bridge login {told} --config {config}      (from now on commands need it)"
    yield f"csire-bridge users add NAME --role ROLE --config {config}      (for each other person; docs/people.md)"
