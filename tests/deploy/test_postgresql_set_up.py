"""The set-up of the PostgreSQL database, carried out by PostgreSQL's own psql."""

from __future__ import annotations

import subprocess

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from csire_bridge.lab.simulators.postgres import programs_of
from csire_bridge.store.database import Database, make_current
from tests.conftest import Servers
from tests.support.repository import REPOSITORY

SCRIPT = REPOSITORY / "deploy" / "postgresql" / "set-up.sql"


@pytest.mark.slow
def test_given_an_empty_server_when_it_is_set_up_then_the_service_s_role_makes_its_tables(servers: Servers) -> None:
    address = servers(18).new_database()
    admin = make_url(address)
    plain = admin.set(drivername="postgresql").render_as_string(hide_password=False)
    psql = [
        str(programs_of(18) / "psql"),
        "--no-psqlrc",
        "--set=ON_ERROR_STOP=1",
        "--set=name=set_up",
        f"--file={SCRIPT}",
        plain,
    ]
    done = subprocess.run(psql, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    ours = admin.set(username="set_up", database="set_up").render_as_string(hide_password=False)
    make_current(ours)
    database = Database(ours)
    with database.reading() as connection:
        owners = connection.execute(text("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"))
        assert owners.scalars().all() == ["set_up"]
    database.close()

    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE set_up WITH (FORCE)"))
        connection.execute(text("DROP ROLE set_up"))
    engine.dispose()
    servers(18).drop_database(address)
