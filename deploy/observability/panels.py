"""Grafana dashboards from short descriptions: `python -m deploy.observability.panels [write]`."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "dashboards"
WIDTH, HEIGHT, ACROSS = 8, 7, 3
"""Grafana's grid is 24 wide."""

SCHEMA = 39
"""Version of the dashboards' schema: Grafana 10 and newer read it."""

NO_PROBES = 'route!~"/livez|/readyz|/metrics"'


@dataclass(frozen=True)
class Panel:
    """A chart; `queries` are PromQL by the legend of what they give."""

    title: str
    queries: dict[str, str]
    unit: str = "short"
    limit: float | None = None
    """Above it an alert fires; drawn as a line."""


def quantile(metric: str, by: str = "", where: str = "", q: float = 0.99) -> str:
    """The quantile of a histogram, by labels."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket{{{where}}}[5m])))"


def rate(metric: str, by: str, where: str = "") -> str:
    """How many a second, by labels."""
    return f"sum by ({by}) (rate({metric}{{{where}}}[5m]))"


DASHBOARDS: dict[str, tuple[str, list[Panel]]] = {
    "overview": (
        "Limber: is it well?",
        [
            Panel("Faults of the front door", {"5 min": "limber:faults:ratio5m"}, "percentunit"),
            Panel("Check-in to level, slowest 1 %", {
                "{{job}} {{topic}}": quantile(
                    "limber_event_age_seconds",
                    "job, topic",
                    'topic=~"booking.submissions|progress.events|progress.views"',
                )
            }, "s", 2),
            Panel("Urgent messages wait", {
                "{{channel}}": "max by (channel)"
                ' (limber_delivery_oldest_due_seconds{rank="essential"})'
            }, "s", 120),
            Panel("Safety alert nobody looked at", {
                "oldest": "max(limber_alert_unacknowledged_seconds)"
            }, "s", 3600),
            Panel("Records that wait", {"{{job}} {{topic}}": "limber:consumer_lag:sum"}),
            Panel("Events not on Kafka", {
                "{{job}}": "max by (job) (limber_outbox_oldest_seconds)"
            }, "s", 30),
            Panel("Parked keys", {"{{job}}": "max by (job) (limber_parked_keys)"}),
            Panel("Replicas", {"{{job}}": 'sum by (job) (up{job=~"booking|notify|progress"})'}),
            Panel("Alerts", {"{{alertname}}": 'sum by (alertname) (ALERTS{alertstate="firing"})'}),
        ],
    ),
    "booking": (
        "Limber: booking",
        [
            Panel("Requests", {"{{status}}": rate(
                "limber_http_request_seconds_count", "status", f'job="booking", {NO_PROBES}')},
                "reqps"),
            Panel("Slowest 1 % by route", {"{{route}}": quantile(
                "limber_http_request_seconds", "route",
                f'job="booking", route!~".*stream", {NO_PROBES}')}, "s", 1),
            Panel("Search for times, slowest 1 %", {"p99": quantile(
                "limber_http_request_seconds", "", 'route="/v1/slots"')}, "s"),
            Panel("Bookings in an hour", {
                "{{change}} {{service}}":
                "sum by (change, service) (increase(limber_bookings_total[1h]))"}),
            Panel("Times that were gone (409)", {"{{route}}": rate(
                "limber_http_request_seconds_count", "route", 'job="booking", status="409"')},
                "reqps"),
            Panel("Open streams", {"all": "sum(limber_streams_open)"}),
            Panel("Waiting for a connection", {"p99": quantile(
                "limber_db_wait_seconds", "", 'job="booking"')}, "s", 0.5),
            Panel("Memory", {"{{instance}}": 'process_resident_memory_bytes{job="booking"}'},
                "bytes"),
            Panel("Processor", {
                "{{instance}}": 'rate(process_cpu_seconds_total{job="booking"}[5m])'}),
        ],
    ),
    "progress": (
        "Limber: progress",
        [
            Panel("Records handled", {"{{type}}": rate(
                "limber_records_handled_total", "type", 'job="progress"')}),
            Panel("Reports, age when handled", {"p99": quantile(
                "limber_event_age_seconds", "", 'job="progress", topic="booking.submissions"')},
                "s", 2),
            Panel("Batch", {
                "seconds, p99": quantile("limber_batch_seconds", "", 'job="progress"'),
                "records, p99": quantile("limber_batch_records", "", 'job="progress"')}),
            Panel("Levels in an hour", {
                "{{level}}": "sum by (level) (increase(limber_levels_total[1h]))"}),
            Panel("Rules in an hour", {
                "{{rule}}": "topk(10, sum by (rule) (increase(limber_rules_fired_total[1h])))"}),
            Panel("Holds placed in a day", {
                "{{rule}}": "sum by (rule) (increase(limber_holds_placed_total[1d]))"}),
            Panel("What time brings is late", {"late": "max(limber_due_late_seconds)"}, "s", 60),
            Panel("Statistics wait", {"clients": "max(limber_statistics_waiting)"}),
            Panel("Memory", {"{{instance}}": 'process_resident_memory_bytes{job="progress"}'},
                "bytes"),
        ],
    ),
    "notify": (
        "Limber: notify",
        [
            Panel("Messages", {"{{state}} {{channel}}": rate(
                "limber_messages_total", "state, channel")}),
            Panel("By template in an hour", {
                "{{template}}":
                'topk(10, sum by (template) (increase(limber_messages_total{state="sent"}[1h])))'}),
            Panel("Tries", {"{{channel}} {{result}}": rate(
                "limber_send_attempts_total", "channel, result")}),
            Panel("Due and not sent", {
                "{{channel}} {{rank}}":
                "max by (channel, rank) (limber_delivery_oldest_due_seconds)"}, "s", 120),
            Panel("Late when sent, slowest 1 %", {"{{channel}}": quantile(
                "limber_send_late_seconds", "channel")}, "s"),
            Panel("A send takes, slowest 1 %", {"{{channel}}": quantile(
                "limber_send_seconds", "channel")}, "s"),
            Panel("Providers left alone", {
                "{{provider}}": "max by (provider) (limber_provider_breaker)"}),
            Panel("Partners", {
                "{{result}}": rate("limber_webhook_attempts_total", "result"),
                "paused": "max(limber_webhooks_paused)"}),
            Panel("Addresses that take nothing more", {
                "{{channel}} {{reason}}":
                "max by (channel, reason) (limber_suppressed_addresses)"}),
        ],
    ),
}  # fmt: skip


def dashboard(name: str) -> dict[str, Any]:
    """A dashboard as Grafana imports it; its data source is asked for."""
    title, panels = DASHBOARDS[name]
    return {
        "uid": f"limber-{name}",
        "title": title,
        "tags": ["limber"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "refresh": "30s",
        "timezone": "browser",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": [_chart(place, panel) for place, panel in enumerate(panels)],
    }


def expressions() -> Iterator[str]:
    """All queries of all dashboards."""
    for _, panels in DASHBOARDS.values():
        for panel in panels:
            yield from panel.queries.values()


def files() -> dict[Path, str]:
    """Each dashboard's file and its text."""
    return {
        FOLDER / f"{name}.json": json.dumps(dashboard(name), indent=1) + "\n" for name in DASHBOARDS
    }


def _chart(place: int, panel: Panel) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.limit is not None:
        steps.append({"color": "red", "value": panel.limit})
    return {
        "id": place + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": source,
        "gridPos": {
            "x": WIDTH * (place % ACROSS),
            "y": HEIGHT * (place // ACROSS),
            "w": WIDTH,
            "h": HEIGHT,
        },
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "min": 0,
                "thresholds": {"mode": "absolute", "steps": steps},
                "custom": {"thresholdsStyle": {"mode": "off" if panel.limit is None else "line"}},
            },
            "overrides": [],
        },
        "options": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}},
        "targets": [
            {
                "refId": chr(ord("A") + n),
                "datasource": source,
                "expr": query,
                "legendFormat": legend,
            }
            for n, (legend, query) in enumerate(panel.queries.items())
        ],
    }


def main(arguments: list[str]) -> int:
    """Write the files, or say which are not as described."""
    wanted = files()
    if arguments == ["write"]:
        FOLDER.mkdir(exist_ok=True)
        for place, text in wanted.items():
            place.write_text(text)
    stale = {p for p, text in wanted.items() if not p.exists() or p.read_text() != text}
    stale |= set(FOLDER.glob("*.json")) - set(wanted)
    sys.stderr.write("".join(f"{place.name} is not as described: run `write`\n" for place in stale))
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
