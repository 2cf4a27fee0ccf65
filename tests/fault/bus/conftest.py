"""One bus for each test that asks for it."""

from tests.integration.bus.conftest import house, running

__all__ = ["house", "running"]
