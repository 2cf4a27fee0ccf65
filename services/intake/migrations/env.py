"""Alembic's entry to intake's schema."""

from services.intake.models import Base
from shared.db.alembic_env import run

run(Base.metadata)
