"""What a check found: the first findings in words, the rest as a number."""

#: More findings than this are counted but not told one by one.
MOST_FINDINGS = 50


class Findings:
    """Collects findings without growing with the damage."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._more = 0

    def add(self, words: str) -> None:
        """One more thing that is wrong."""
        if len(self._words) < MOST_FINDINGS:
            self._words.append(words)
        else:
            self._more += 1

    def told(self) -> list[str]:
        """The findings."""
        return self._words + ([f"and {self._more} more"] if self._more else [])
