"""Alembic's entry to custody's schema."""

import services.chain_of_custody.models_acts
import services.chain_of_custody.models_ledger
import services.chain_of_custody.models_limits
import services.chain_of_custody.models_quantities
import services.chain_of_custody.models_spectra  # noqa: F401
from services.chain_of_custody.models import Base
from shared.db.alembic_env import run

run(Base.metadata)
