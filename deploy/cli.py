"""The `limber` command: each subcommand is a module in deploy/commands."""

import sys

import typer

from deploy.commands import (
    access_log,
    backup,
    clock,
    dead_letters,
    doctor,
    erasures,
    events,
    inbox,
    recover,
    show,
    simulate,
    token,
    up,
)
from deploy.commands.failure import Failure
from deploy.stack import NoStack

app = typer.Typer(
    name="limber",
    help="Run Limber on this machine and look inside it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (
    up,
    show,
    token,
    inbox,
    events,
    dead_letters,
    doctor,
    clock,
    simulate,
    backup,
    recover,
    erasures,
    access_log,
):
    module.register(app)


def main() -> None:
    """Run the command; what a person can act on is one line on stderr and exit code 1."""
    try:
        app()
    except (Failure, NoStack) as error:
        sys.stderr.write(f"limber: {error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
