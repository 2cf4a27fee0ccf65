"""A custody application with a folder as its object store."""

from tests.integration.chain_of_custody.conftest import client, runtime

__all__ = ["client", "runtime"]
