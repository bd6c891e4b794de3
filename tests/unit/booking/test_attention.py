"""Who needs their trainer: each reason alone, and the order among them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.booking.domain.attention import URGENCY, order, reasons
from services.booking.queries.progress import empty_view
from shared.clock import rfc3339

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
WELL: dict[str, Any] = {
    "level": "go",
    "screening": {"valid_until": rfc3339(NOW + timedelta(days=200))},
    "assessment": {"complete": True, "due_at": rfc3339(NOW + timedelta(days=60))},
    "plan": {"status": "active", "activated_at": rfc3339(NOW - timedelta(days=9)), "draft": None},
    "check_ins": [{"at": rfc3339(NOW - timedelta(days=1))}],
}


def codes(**parts: Any) -> list[str]:
    """Why somebody needs care who is well but for these parts."""
    return [one.code for one in reasons(empty_view(UUID(int=1)) | WELL | parts, now=NOW)]


def ago(**by: float) -> str:
    """An instant before now."""
    return rfc3339(NOW - timedelta(**by))


def test_nothing_is_asked_of_a_trainer_whose_client_is_well() -> None:
    assert [] == codes()


def test_levels_need_care_unless_a_hold_says_the_same() -> None:
    hold = {"kind": "session", "option": None, "rule": "R1", "since": ago(hours=2)}
    assert ["emergency"] == codes(level="emergency")
    assert ["stopped"] == codes(level="stop")
    assert ["session-hold"] == codes(level="hold", holds=[hold])
    assert ["take-care"] == codes(level="modify")
    assert ["part-hold"] == codes(holds=[hold | {"kind": "option", "option": "bridges"}])


def test_rules_count_where_they_wait_for_a_person() -> None:
    rules = [{"code": "review-plan"}, {"code": "reduce-dose"}, {"code": "review-plan"}]
    assert ["review"] == codes(safety={"rules": rules})


def test_a_trend_counts_when_it_is_clear_and_a_flare_while_it_runs() -> None:
    trends = [{"measure": "pain", "verdict": v} for v in ("worsening", "unclear")]
    assert ["worsening"] == codes(trends=trends)
    assert ["flare"] == codes(flare={"since": ago(days=2), "resolved_at": None})
    assert [] == codes(flare={"since": ago(days=9), "resolved_at": ago(days=2)})


def test_reviews_are_due_two_weeks_before_they_run_out() -> None:
    assert ["screening-due"] == codes(screening={"valid_until": ago(days=-13)})
    assert [] == codes(screening={"valid_until": ago(days=-15)})
    assert ["assessment-due"] == codes(assessment={"complete": True, "due_at": ago(days=-13)})
    assert ["assessment-due"] == codes(assessment={"complete": False, "due_at": ago(days=1)})
    assert ["screening-due"] == codes(screening=None, assessment=None, plan=None)
    for status, expected in (("requested", ["clearance-due"]), ("granted", [])):
        assert expected == codes(clearance={"status": status, "valid_until": None})


def test_a_check_in_is_missed_after_a_day_and_silence_counts_after_a_week() -> None:
    assert ["missed-check-in"] == codes(next={"code": "next-morning", "at": ago(hours=25)})
    assert [] == codes(next={"code": "next-morning", "at": ago(hours=23)})
    assert ["silent"] == codes(check_ins=[{"at": ago(days=8)}])
    assert ["silent"] == codes(check_ins=[])
    assert [] == codes(check_ins=[{"at": ago(days=6)}])


def test_a_draft_waits_and_a_missing_plan_is_told() -> None:
    assert ["draft-waits"] == codes(plan={"status": "drafted", "draft": None})
    assert ["draft-waits"] == codes(plan=WELL["plan"] | {"draft": {"id": "x"}})
    assert ["no-plan"] == codes(plan=None)


def test_the_gravest_comes_first_then_who_has_more_reasons() -> None:
    view = empty_view(UUID(int=1))
    worse = reasons(view | WELL | {"level": "emergency"}, now=NOW)
    more = reasons(view | WELL | {"level": "modify", "check_ins": []}, now=NOW)
    less = reasons(view | WELL | {"level": "modify"}, now=NOW)
    assert [worse, more, less, ()] == sorted([(), less, more, worse], key=order)
    assert len(set(URGENCY)) == len(URGENCY)
