"""The projection: its arithmetic, and that the document is as its inputs make it."""

import tomllib

import pytest

from tests.soak import projection

MEASURED = {
    "a_week": {"requests": 70.0, "check_ins": 7.0, "searches": 1.4, "events": 35, "mails": 7},
    "cpu_ms": {
        "booking, a request": 10.0,
        "progress, a check-in": 20.0,
        "notify, an event": 2.0,
        "postgres, a request": 5.0,
        "kafka, an event": 1.0,
    },
    "kib_a_week": {"schema booking": 10.0, "schema notify": 5.0, "topic a": 1.0},
}
ASSUMED = {
    "share": {"busiest_hour": 0.1, "pages_open": 0.01, "used": 0.5},
    "machine": {"cores": 8},
    "assumptions": [],
    "limits": [
        {"what": "relay", "unit": "events", "capacity": 1_000, "times": 4, "called": "events/s",
         "source": "a bench", "step": "shards"},
        {"what": "progress", "unit": "check_ins", "cores": 2, "cpu": "progress, a check-in",
         "times": 3, "called": "check-ins/s", "source": "a soak", "step": "partitions"},
        {"what": "streams", "unit": "streams", "capacity": 50, "times": 2, "called": "streams",
         "source": "a guess", "step": "more"},
    ],
}  # fmt: skip


def test_the_busiest_hour_has_its_share_of_a_day() -> None:
    # 10 requests a day, a tenth of them within the hour: one.
    assert 1 / 3600 == pytest.approx(projection.busiest(MEASURED, ASSUMED, "requests"))


def test_the_nearest_limit_comes_first() -> None:
    found = projection.limits(MEASURED, ASSUMED)

    assert ["streams", "progress", "relay"] == [one["what"] for one in found]
    # 50 streams at one of a hundred clients each; two cores at half do 50 check-ins/s.
    assert [5_000, 50 * 36_000, 1_000 * 7_200] == pytest.approx([one["carries"] for one in found])
    assert [10_000, 3 * 50 * 36_000, 4 * 1_000 * 7_200] == pytest.approx(
        [one["then"] for one in found]
    )


def test_figures_of_a_soak_are_those_of_a_client_and_week() -> None:
    raw = {
        "clients": 10,
        "days": 14,
        "check_ins": 100,
        "run": {
            "client_weeks": 20.0,
            "requests": 2_000,
            "answers": {"look for times: 200": 40, "check in daily: 202": 100},
        },
        "records": {"booking.events": 300, "notify.events": 100},
        "bytes": {
            "tables": {"booking.people": 20_480, "notify.deliveries": 40_960},
            "rows": {"notify.attempts": 100},
            "topics": {"booking.events": 204_800},
        },
        "cpu_s": {"booking-1": 4.0, "booking-2": 2.0, "progress-1": 1.0, "notify-1": 0.4,
                  "postgres": 3.0, "kafka": 0.8},
    }  # fmt: skip

    found = projection.from_soak(raw)

    assert {
        "requests": 100.0,
        "check_ins": 5.0,
        "searches": 2.0,
        "events": 20.0,
        "mails": 5.0,
    } == (found["a_week"])
    assert (3.0, 10.0, 1.0) == (
        found["cpu_ms"]["booking, a request"],
        found["cpu_ms"]["progress, a check-in"],
        found["cpu_ms"]["notify, an event"],
    )
    assert (1.0, 2.0, 10.0) == (
        found["kib_a_week"]["schema booking"],
        found["kib_a_week"]["schema notify"],
        found["kib_a_week"]["topic booking.events"],
    )


def test_the_document_is_as_its_inputs_make_it() -> None:
    assert projection.written() == projection.DOCUMENT.read_text(), (
        "run: python -m tests.soak.projection"
    )


def test_every_limit_says_its_step_and_where_its_figure_comes_from() -> None:
    for one in tomllib.loads(projection.ASSUMED.read_text())["limits"]:
        assert one["step"], one
        assert one["source"], one
        assert ("capacity" in one) != ("cpu" in one), one
        assert one["times"] > 1, one
