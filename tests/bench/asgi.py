"""The shell of a service with two routes that need no database, to compare ASGI servers with.

docs/adr/0005-asgi-server.md says how it is run and what came out.
"""

from datetime import UTC, datetime

from fastapi import FastAPI

from services.booking.api import catalogue
from services.booking.api.wishes import BookingFields
from shared.health import Health
from shared.http import create_app
from shared.postgres import Database
from shared.telemetry import Metrics


def build() -> FastAPI:
    """GET /v1/services as booking answers it; POST /echo parses a booking and returns it."""
    metrics = Metrics()
    db = Database("", "booking")
    app = create_app(
        "bench",
        metrics=metrics,
        health=Health(db, metrics, _now, None),
        description="Compared under several servers.",
    )
    app.include_router(catalogue.routes(db, _now))

    @app.post("/echo", response_model=BookingFields)
    async def echo(body: BookingFields) -> BookingFields:
        return body

    return app


def _now() -> datetime:
    return datetime.now(UTC)
