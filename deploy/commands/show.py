"""`limber ps` and `limber env`: what runs, and where."""

import typer

from deploy.commands.failure import Failure
from deploy.stack import find_stack, home_directory, read_running


def register(app: typer.Typer) -> None:
    """Add `ps` and `env`."""
    app.command()(ps)
    app.command()(env)


def ps() -> None:
    """List the running processes: name, pid, port."""
    home = home_directory()
    running = read_running(home)
    if running is None:
        raise Failure(f"no stack is running in {home}; start one with `limber up`")
    for process in running.processes:
        typer.echo(f"{process.name} {process.pid} {process.port}")


def env() -> None:
    """Print where the running stack is, as KEY=value lines."""
    stack = find_stack()
    addresses = {
        "BASE_URL": stack.base_url,
        "KAFKA_BOOTSTRAP": stack.kafka_bootstrap,
        "DATABASE_URL": stack.database_url,
        "MAIL_URL": stack.mail_url,
    }
    for name, value in addresses.items():
        typer.echo(f"{name}={value}")
