"""Queries of custody, isolated by office inside the query."""
