"""For each alert, what makes it fire and the nearest that does not; in promtool's notation."""

from dataclasses import dataclass, field

Series = dict[str, str]

UP = {
    f'up{{job="{job}", instance="{job}-1"}}': "1x600" for job in ("booking", "notify", "progress")
}
"""A house in which everybody is at home."""


@dataclass(frozen=True)
class Case:
    """`fires` and `silent` are series, a value a minute; they are judged after `minutes`."""

    fires: Series
    silent: Series
    minutes: int = 30
    also: frozenset[str] = field(default_factory=frozenset)
    """Alerts that fire with it, and rightly so."""


def gauge(name: str, value: float, **labels: str) -> Series:
    """A series that stays."""
    told = ", ".join(f'{key}="{text}"' for key, text in labels.items())
    return {f"{name}{{{told}}}": f"{value}x600"}


def rising(name: str, start: float, step: float, **labels: str) -> Series:
    """A series that grows by `step` each minute."""
    told = ", ".join(f'{key}="{text}"' for key, text in labels.items())
    return {f"{name}{{{told}}}": f"{start}{step:+}x600"}


def requests(each_minute: float, faults: float, *, since: int = 0) -> Series:
    """Requests, and faults among them since some minute."""
    name, about = "limber_http_request_seconds_count", 'job="booking", route="/v1/slots"'
    return {
        f'{name}{{{about}, status="200"}}': f"0+{each_minute}x600",
        f'{name}{{{about}, status="503"}}': f"0x{since} {faults}+{faults}x600",
    }


def histogram(name: str, seconds: str, **labels: str) -> Series:
    """A histogram whose observations all lie under `seconds`, one of its buckets, but above others.

    The bucket below the named one stays empty.
    """
    below, within = seconds.split("<")
    return {
        **rising(f"{name}_bucket", 0, 0, **labels, le=below),
        **rising(f"{name}_bucket", 0, 60, **labels, le=within),
        **rising(f"{name}_bucket", 0, 60, **labels, le="+Inf"),
    }


LAG, HANDLED = "limber_consumer_lag_records", "limber_records_handled_total"
HERE = {"job": "progress", "topic": "booking.submissions"}
SLOTS = {"job": "booking", "route": "/v1/slots"}
MAIL = {"channel": "email", "provider": "mail.example:25"}
TRIES = "limber_send_attempts_total"
BREAKER = "limber_provider_breaker"

CASES: dict[str, Case] = {
    "BookingFaultsFast": Case(
        # 2 % of the last hour and of now; the silent one was as bad, but is over.
        requests(1000, 21),
        requests(1000, 21)
        | {
            'limber_http_request_seconds_count{job="booking", route="/v1/slots", status="503"}': (
                "0+21x80 1680x500"
            )
        },
        minutes=90,
        also=frozenset({"BookingFaultsSlow"}),
    ),
    "BookingFaultsSlow": Case(requests(1000, 8), requests(1000, 5), minutes=420),
    "BookingSlow": Case(
        histogram("limber_http_request_seconds", "1<2.5", **SLOTS),
        histogram("limber_http_request_seconds", "0.25<0.5", **SLOTS)
        | histogram(
            "limber_http_request_seconds",
            "5<10",
            job="booking",
            route="/v1/clients/{client_id}/stream",
        ),
    ),
    "AnswerLate": Case(
        histogram("limber_event_age_seconds", "2<5", **HERE),
        histogram("limber_event_age_seconds", "0.5<1", **HERE)
        # notify may take its time: what it sends has alerts of its own.
        | histogram("limber_event_age_seconds", "60<600", job="notify", topic="progress.events"),
    ),
    "UrgentMailLate": Case(
        gauge("limber_delivery_oldest_due_seconds", 121, channel="email", rank="essential"),
        gauge("limber_delivery_oldest_due_seconds", 119, channel="email", rank="essential"),
    ),
    "MailLate": Case(
        gauge("limber_delivery_oldest_due_seconds", 1801, channel="email", rank="other"),
        gauge("limber_delivery_oldest_due_seconds", 1799, channel="email", rank="other"),
    ),
    "SafetyAlertUnseen": Case(
        gauge("limber_alert_unacknowledged_seconds", 3601, job="notify"),
        gauge("limber_alert_unacknowledged_seconds", 3599, job="notify"),
    ),
    "TimeLate": Case(
        gauge("limber_due_late_seconds", 61, job="progress"),
        gauge("limber_due_late_seconds", 59, job="progress"),
    ),
    "ServiceDown": Case(
        # Another replica's series keeps nothing silent when it says 0 as well.
        {'up{job="notify", instance="notify-1"}': "0x600"},
        {'up{job="notify", instance="notify-2"}': "0x600"},
    ),
    "PartUnreachable": Case(
        gauge("limber_part_up", 0, job="notify", part="kafka", instance="a"),
        gauge("limber_part_up", 0, job="notify", part="kafka", instance="a")
        | gauge("limber_part_up", 1, job="notify", part="kafka", instance="b"),
    ),
    "OutboxStuck": Case(
        gauge("limber_outbox_oldest_seconds", 31, job="booking"),
        gauge("limber_outbox_oldest_seconds", 29, job="booking"),
    ),
    "ConsumerStuck": Case(
        gauge(LAG, 5, **HERE, partition="0") | gauge(HANDLED, 100, **HERE, type="other"),
        gauge(LAG, 5, **HERE, partition="0") | rising(HANDLED, 100, 1, **HERE, type="other"),
    ),
    "ConsumerLagging": Case(
        rising(LAG, 900, 10, **HERE, partition="0") | rising(HANDLED, 0, 60, **HERE, type="other"),
        rising(LAG, 9000, -10, **HERE, partition="0")
        | rising(HANDLED, 0, 60, **HERE, type="other"),
    ),
    "KeyParked": Case(
        gauge("limber_parked_keys", 1, job="progress"),
        gauge("limber_parked_keys", 0, job="progress")
        | gauge("limber_dead_letters", 0, job="progress"),
    ),
    "SendsFail": Case(
        rising(TRIES, 0, 8, channel="email", result="accepted")
        | rising(TRIES, 0, 1, channel="email", result="lost"),
        # A server that puts off is no fault, and a few are no news.
        rising(TRIES, 0, 8, channel="email", result="accepted")
        | rising(TRIES, 0, 4, channel="email", result="deferred")
        | rising(TRIES, 0, 0.2, channel="sms", result="lost"),
    ),
    "ProviderLeftAlone": Case(
        {f'{BREAKER}{{channel="email", provider="mail.example:25"}}': "1 1 0.5 1 1 0.5 1x600"},
        {f'{BREAKER}{{channel="email", provider="mail.example:25"}}': "1 0 " * 60 + "0x10"},
    ),
    "DatabaseBusy": Case(
        histogram("limber_db_wait_seconds", "0.5<2", job="booking"),
        histogram("limber_db_wait_seconds", "0.1<0.5", job="booking"),
    ),
    "WebhookPaused": Case(
        gauge("limber_webhooks_paused", 1, job="notify"),
        gauge("limber_webhooks_paused", 0, job="notify"),
    ),
    "ClockSkewed": Case(
        gauge("limber_clock_skew_seconds", -5.5, job="notify", instance="a"),
        gauge("limber_clock_skew_seconds", -4.5, job="notify", instance="a"),
    ),
    "ClockShifted": Case(
        gauge("limber_clock_offset_seconds", 3600, job="notify"),
        gauge("limber_clock_offset_seconds", 0.001, job="notify"),
    ),
    "RestartsOften": Case(
        rising("process_start_time_seconds", 0, 60, job="notify", instance="a"),
        gauge("process_start_time_seconds", 60, job="notify", instance="a"),
    ),
    "UpgradeUnfinished": Case(
        gauge("limber_build_info", 1, version="0.1.0") | gauge("limber_build_info", 1, version="2"),
        gauge("limber_build_info", 1, version="0.1.0", service="notify")
        | gauge("limber_build_info", 1, version="0.1.0", service="booking"),
        minutes=90,
    ),
}
