"""One trace from the door to the mail, in three services; it tells nothing about people."""

import subprocess
import sys

import pytest

from shared.tracing import ATTRIBUTES, read_traceparent
from tests.conftest import MigratedDatabase
from tests.e2e.reach import eventually
from tests.integration.notify.post_office import PostOffice
from tests.integration.watch import house
from tests.integration.watch.collector import Collector, Seen

ANN = {"name": "Ann Quokka", "email": "ann.quokka@example.org", "phone": "+14165550123"}
CLAIMED = "11111111111111111111111111111111"

COUNTED = [
    ("booking",
     'limber_bookings_total{change="confirmed",mode="virtual",service="first-workout"} 1.0'),
    ("booking", 'limber_part_up{part="kafka"} 1.0'),
    ("booking", 'limber_event_age_seconds_count{topic="progress.views"}'),
    ("notify",
     'limber_messages_total{channel="email",state="sent",template="booking-confirmed"} 1.0'),
    ("notify", "limber_alert_unacknowledged_seconds 0.0"),
    ("progress",
     'limber_records_handled_total{topic="booking.submissions",type="checkin.submitted.v1"} 1.0'),
    ("progress", "limber_due_late_seconds 0.0"),
    ("progress",
     'limber_events_published_total{topic="progress.events",type="submission.answered.v1"} 1.0'),
]  # fmt: skip
"""Lines of the metrics after a booking and a check-in, by service."""


def the(spans: list[Seen], service: str, name: str) -> list[Seen]:
    """Spans of a service by name."""
    return [span for span in spans if (span.service, span.name) == (f"limber-{service}", name)]


async def test_a_request_is_one_trace_from_the_door_to_the_mail_and_is_counted(
    database: MigratedDatabase, kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Collector() as collector, PostOffice() as office:
        traced = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        async with house.opened(database, kafka_bootstrap, office, monkeypatch, **traced) as home:
            home.doors["booking"].headers["traceparent"] = f"00-{CLAIMED}-2222222222222222-01"
            made = await home.book(**ANN)
            await collector.until(
                lambda found: any(
                    span.attributes["limber.template"] == "booking-confirmed"
                    for span in the(found.spans, "notify", "send email")
                )
            )
            await home.check_in(ANN["email"], made["client_id"], kind="pre", pain=7, note="ouch!")
            await collector.until(
                lambda found: bool(
                    the(found.spans, "booking", "process submission.answered.v1")
                    and the(found.spans, "notify", "publish notify.events")
                )
            )

            async def counted() -> bool:
                told = {service: await home.metrics(service) for service in house.SERVICES}
                return all(line in told[service] for service, line in COUNTED)

            await eventually(counted, "what happened, in the services' metrics")

        sent = next(
            span
            for span in the(collector.spans, "notify", "send email")
            if span.attributes["limber.template"] == "booking-confirmed"
        )
        assert [
            "notify: send email",
            "notify: process booking.confirmed.v1",
            "booking: publish booking.events",
            "booking: POST /v1/bookings",
        ] == collector.line(sent)
        [request] = the(collector.spans, "booking", "POST /v1/bookings")
        assert (sent.trace, "", 201) == (
            request.trace,
            request.parent,
            request.attributes["http.response.status_code"],
        )
        of_the_request = {
            f"{span.service}: {span.name}" for span in collector.spans if span.trace == sent.trace
        }
        assert {
            "limber-progress: process booking.confirmed.v1",
            "limber-notify: process contact.changed.v1",
            "limber-notify: publish notify.events",
        } <= of_the_request
        [answered] = the(collector.spans, "booking", "process submission.answered.v1")
        assert [
            "booking: process submission.answered.v1",
            "progress: publish progress.events",
            "progress: process checkin.submitted.v1",
            "booking: publish booking.submissions",
            "booking: POST /v1/clients/{client_id}/check-ins",
        ] == collector.line(answered)
        assert sent.trace != answered.trace
        assert CLAIMED not in {span.trace for span in collector.spans}

        batches = {span.id for span in collector.spans if span.name.startswith("batch ")}
        processed = [span for span in collector.spans if span.name.startswith("process ")]
        assert all(len(span.links) == 1 and span.links[0] in batches for span in processed)

        told = {name for span in collector.spans for name in span.attributes}
        assert set() == told - ATTRIBUTES
        assert not any(span.events or span.failed for span in collector.spans)
        assert set() == {name.split(".")[0] for one in collector.resources for name in one} - {
            "service",
            "telemetry",
            "process",
        }
        text = bytes(collector.raw)
        private = [*ANN.values(), "quokka", "ouch", made["client_id"], made["id"]]
        assert [] == [word for word in private if word.encode() in text]
        assert not any("readyz" in span.name for span in collector.spans)


def test_without_a_collector_nothing_of_opentelemetry_is_loaded() -> None:
    program = (
        "import sys, shared.runtime\n"
        "print([m for m in sys.modules if m.startswith(('opentelemetry.sdk',"
        " 'opentelemetry.exporter', 'opentelemetry.proto', 'google.protobuf'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert b"[]" == done.stdout.strip()


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"",
        b"00-00000000000000000000000000000000-2222222222222222-01",
        b"00-11111111111111111111111111111111-0000000000000000-01",
        b"00-1111111111111111111111111111111G-2222222222222222-01",
        b"ff-11111111111111111111111111111111-2222222222222222-01-more",
        b"\xff\xfe",
    ],
)
def test_a_header_that_is_no_traceparent_is_none(header: bytes | None) -> None:
    assert read_traceparent(header) is None
