"""What a reader raises when a file cannot be read."""


class ReaderError(ValueError):
    """The file cannot be read; the message is one sentence for people that names the place and the reason."""
