"""Alembic's entry to intake's schema."""

import services.intake.models_limits  # noqa: F401
from services.intake.models import Base
from shared.db.alembic_env import run

run(Base.metadata)
