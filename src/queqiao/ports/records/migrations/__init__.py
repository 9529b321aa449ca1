"""The schema's history: one file a step in ``versions``, written by hand, run at start-up."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(conn: Connection) -> None:
    """Run every step that is missing, all of them in the caller's write transaction.

    The one writer's lock makes it safe when several processes start at once.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    command.upgrade(config, "heads")
