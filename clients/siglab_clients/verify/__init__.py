"""siglab-verify: checks an evidence bundle offline, with nothing but the log's verifier key."""
