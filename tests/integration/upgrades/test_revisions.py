"""The revisions of every schema are one line: no number twice, none that two follow upon."""

import warnings

import pytest
from alembic.script import ScriptDirectory

from shared.db.migrate import MIGRATIONS, alembic_config


@pytest.mark.parametrize("schema", sorted(MIGRATIONS))
def test_revisions_follow_one_another(schema: str) -> None:
    with warnings.catch_warnings():
        # Alembic only warns where two files bear one number, and then knows one of them alone.
        warnings.simplefilter("error")
        found = [row.revision for row in ScriptDirectory.from_config(alembic_config(schema)).walk_revisions()]
    assert found[::-1] == [f"{number:04}" for number in range(1, len(found) + 1)]
