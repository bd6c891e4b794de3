"""Every service answers the document for machines and for people."""

from datetime import UTC, datetime

import httpx

from shared.contracts import asyncapi, page
from shared.health import Health
from shared.http import create_app
from shared.postgres import Database
from shared.telemetry import Metrics


def _now() -> datetime:
    return datetime.now(UTC)


async def test_a_service_answers_the_document_as_yaml_and_as_a_page_that_loads_nothing() -> None:
    metrics = Metrics()
    app = create_app(
        "any",
        metrics=metrics,
        health=Health(Database("", "booking"), metrics, _now, None),
        description="under test",
    )

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://limber.example"
    ) as http:
        yaml, html = await http.get("/asyncapi.yaml"), await http.get("/asyncapi.html")

    assert (200, "application/yaml", asyncapi.text()) == (
        yaml.status_code,
        yaml.headers["content-type"].partition(";")[0],
        yaml.text,
    )
    assert (200, "text/html", page.render()) == (
        html.status_code,
        html.headers["content-type"].partition(";")[0],
        html.text,
    )
    assert "default-src 'none'" in html.headers["content-security-policy"]
