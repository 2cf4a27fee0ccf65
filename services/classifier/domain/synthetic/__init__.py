"""Seeded generator of demonstration data: libraries and raw runs. Class means are invented; everything is stamped SYNTHETIC."""
