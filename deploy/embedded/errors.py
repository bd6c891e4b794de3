"""What can go wrong while the stack is brought up, as one error a person can act on."""


class StackError(Exception):
    """The stack cannot start or go on; the message says what to do."""
