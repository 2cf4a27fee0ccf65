"""Use cases of custody: one file a family."""
