"""How alike two profiles are, and what that says about a common source."""
