"""A database as an older version of the bridge left it: fewer migrations, and a message not processed yet."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from csire_bridge.domain.message.message import Channel, Form
from csire_bridge.domain.work import WorkStep
from csire_bridge.lab.chaos.world.letters import Letter
from csire_bridge.store import migrations
from csire_bridge.store.database import Database

__all__ = ["make_older"]

_FOLDER = str(Path(migrations.__file__).parent)


def make_older(database: Database, letter: Letter, dice: random.Random) -> str:
    """Make the tables of an older revision, chosen by ``dice``, with ``letter`` in the journal; return the revision."""
    config = Config()
    config.set_main_option("script_location", _FOLDER)
    older = [script.revision for script in ScriptDirectory(_FOLDER).walk_revisions()][1:]
    revision = dice.choice(older)
    now = datetime.now(UTC)
    with database.transaction() as tx:
        config.attributes["connection"] = tx.connection
        command.upgrade(config, revision)
        keys = tx.messages.add(
            Channel.QUEUE, now, [("older bridge", letter.raw, hashlib.sha256(letter.raw).hexdigest(), Form.BARE)]
        )
        tx.work.add(WorkStep.INTAKE, keys, now)
    return revision
