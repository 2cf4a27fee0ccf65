"""Custody's application, as in its integration tests."""

from tests.integration.chain_of_custody.conftest import client, runtime

__all__ = ["client", "runtime"]
