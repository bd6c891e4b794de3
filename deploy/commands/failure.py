"""The error that ends a command with a message instead of a traceback."""


class Failure(Exception):  # noqa: N818
    """A command cannot do what was asked; the message says why."""
