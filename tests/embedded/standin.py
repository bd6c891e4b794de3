"""Stand-ins for the services: the supervisor's own tests need processes, not Limber."""

import asyncio
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from deploy.embedded.errors import StackError
from deploy.embedded.services import Programs, replicas
from deploy.embedded.supervisor import up

NOTHING = (sys.executable, "-c", "pass")


class Health(BaseHTTPRequestHandler):
    """Answers 200 to everything."""

    def do_GET(self) -> None:
        """Answer with the pid."""
        body = f"{os.getpid()}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


def serve(service: str) -> None:
    """Be one service."""
    HTTPServer(("127.0.0.1", int(os.environ[f"{service.upper()}_PORT"])), Health).serve_forever()


def supervise(counts: str) -> None:
    """Be `limber up` with stand-in services and jobs that do nothing."""
    me = (sys.executable, "-m", "tests.embedded.standin")
    programs = Programs(
        services={name: (*me, name) for name in ("booking", "notify", "progress")},
        migrate=NOTHING,
        topics=NOTHING,
        demo=NOTHING,
    )
    try:
        asyncio.run(
            up(
                Path(os.environ["LIMBER_HOME"]),
                counts=replicas(counts),
                base_port=int(os.environ["LIMBER_PORT"]),
                programs=programs,
            )
        )
    except StackError as error:
        sys.exit(f"limber: {error}")


if __name__ == "__main__":
    if sys.argv[1] == "up":
        supervise("".join(sys.argv[2:]))
    else:
        serve(sys.argv[1])
