"""`python -m deploy.local.supervisord`: supervisord that looks five times a second instead of once.

Its main loop waits a whole second between two looks at its programs, and before the first: too long for a system that is to
be back within five. Everything else is supervisor's own.
"""

from supervisor import poller, supervisord

_LOOK_SECONDS = 0.2


class _Often(poller.Poller):
    """The poller of this platform with a shorter patience."""

    def poll(self, timeout: float) -> object:
        """Waits for at most a fifth of a second, whatever the main loop asks for."""
        return super().poll(min(timeout, _LOOK_SECONDS))


if __name__ == "__main__":
    poller.Poller = _Often
    supervisord.main()
