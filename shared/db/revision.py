"""`python -m shared.db.revision SCHEMA "what changes"`: writes a new Alembic revision.

Its content is the difference between models and database. Needs a database that stands at the newest revision
(SIGLAB_DATABASE_URL); grants are added to the file by hand, see `shared.db.migration`.
"""

import argparse
import sys

from alembic import command

from shared.config import load_settings
from shared.db.engine import engine_for
from shared.db.migrate import MIGRATIONS, alembic_config, migrate, role_of


def main() -> int:
    """The command; prints the path of the new file."""
    parser = argparse.ArgumentParser(prog="python -m shared.db.revision", description=__doc__)
    parser.add_argument("schema", choices=sorted(MIGRATIONS))
    parser.add_argument("message")
    options = parser.parse_args()
    settings = load_settings()
    migrate(settings)
    engine = engine_for(settings.owner_database_url(), application="siglab-revision", pool_size=1)
    with engine.begin() as connection:
        attributes = {"connection": connection, "role": role_of(settings, options.schema)}
        command.revision(alembic_config(options.schema, **attributes), options.message, autogenerate=True)
    engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
