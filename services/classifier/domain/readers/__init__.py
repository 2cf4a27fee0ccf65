"""Readers of instrument files, one a file; `registry` knows which reads what."""
