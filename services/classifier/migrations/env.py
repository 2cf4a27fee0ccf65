"""Alembic's entry to the classifier's schema."""

import services.classifier.models_lifecycle  # noqa: F401
from services.classifier.models import Base
from shared.db.alembic_env import run

run(Base.metadata)
