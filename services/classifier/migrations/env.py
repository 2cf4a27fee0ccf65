"""Alembic's entry to the classifier's schema."""

from services.classifier.models import Base
from shared.db.alembic_env import run

run(Base.metadata)
