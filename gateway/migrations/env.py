"""Alembic's entry for the gateway's schema."""

from gateway.models import Base
from shared.db import alembic_env

alembic_env.run(Base.metadata)
