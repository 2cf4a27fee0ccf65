"""Why a start was refused or failed, in one sentence for the person at the terminal."""


class StartRefused(Exception):
    """Something about the machine, the settings or the data folder must be mended first; nothing was made or changed."""


class StartFailed(Exception):
    """A part did not come up; `log_tail` holds the last lines of what it wrote."""

    def __init__(self, sentence: str, log_tail: str = "") -> None:
        super().__init__(sentence)
        self.log_tail = log_tail
