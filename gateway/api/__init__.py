"""The public API: everything below /api/v1, dispatched to the services or answered here."""
