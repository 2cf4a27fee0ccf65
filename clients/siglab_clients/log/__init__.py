"""Checking a whole log from its checkpoint, tiles and entries, wherever they are served or mirrored."""
