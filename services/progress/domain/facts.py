"""What a check-in is judged by: the report, the client before it, and what was usual."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from services.progress.domain.model import Client, Report
from services.progress.domain.rules import Rule, Rules, Seen
from services.progress.domain.sessions import about, done_options, opening


@dataclass(frozen=True)
class Facts:
    """One report and all that rules hold it against. `client` is as before the report."""

    report: Report
    client: Client
    rules: Rules

    @cached_property
    def earlier(self) -> tuple[Report, ...]:
        """What was felt before the report, newest first."""
        place = self.report.place
        return tuple(past for past in self.client.reports if past.place < place)

    @cached_property
    def usual(self) -> float | None:
        """The client's usual pain before the report."""
        return usual_pain(self.report, self.earlier, self.rules)

    @cached_property
    def opening(self) -> Report | None:
        """What was said before the session the report speaks of."""
        if self.report.kind == "pre":
            return self.report
        return opening(about(self.report, self.earlier))

    @property
    def before(self) -> int | None:
        """The pain before that session."""
        return None if self.opening is None else self.opening.pain

    @property
    def feverish(self) -> bool:
        """Whether a fever is known: the newest screening says so."""
        screening = self.client.care.screening
        return screening is not None and screening.health.fever

    @property
    def cleared(self) -> bool:
        """Whether vigorous effort is: by a clinician, or it was wished for and nothing stood."""
        care = self.client.care
        if self._clearance_counts:
            return True
        screening = care.screening
        return (
            screening is not None
            and screening.outcome == "clear"
            and screening.wish == "vigorous"
            and self.report.at < screening.valid_until
        )

    @property
    def allowed_effort(self) -> int | None:
        """The most effort that a clinician allows."""
        clearance = self.client.care.clearance
        return clearance.max_effort if clearance is not None and self._clearance_counts else None

    @property
    def planned_effort(self) -> int | None:
        """The most effort that the plan means for what was done, or for any of its options."""
        plan = self.client.care.plan
        if plan is None:
            return None
        done = set(done_options([self.report]))
        meant = [item.effort for item in plan.items if item.option in done]
        return max(meant or [item.effort for item in plan.items], default=None)

    def base(self, rule: Rule) -> float | None:
        """The pain a rise is counted from."""
        if rule.rise_over in {"session", "pre"} and self.before is not None:
            return self.before
        return self.usual if rule.rise_over in {"session", "usual"} else None

    def seen(self, rule: Rule, value: int) -> Seen:
        """What a condition about pain is held against."""
        return Seen(self.report.kind, value, usual=self.usual, base=self.base(rule))

    @property
    def stiffer(self) -> int | None:
        """How much stiffer than before the session; None where it was asked for and not told."""
        before = None if self.opening is None else self.opening.stiffness
        now = self.report.stiffness
        if now is None:
            return None if before is not None else 0
        return now - (before or 0)

    @property
    def _clearance_counts(self) -> bool:
        clearance = self.client.care.clearance
        return (
            clearance is not None
            and clearance.status in {"granted", "limited"}
            and (clearance.valid_until is None or self.report.at < clearance.valid_until)
        )


def usual_pain(report: Report, earlier: Iterable[Report], rules: Rules) -> float | None:
    """The client's median pain in the window before a report; None while too few are known."""
    kinds, since = rules.usual.kinds, report.at - rules.usual.window
    pains = [past.pain for past in earlier if past.kind in kinds and past.at >= since]
    return float(median(pains)) if len(pains) >= rules.usual.reports else None


def whole(value: float | None) -> float | int | None:
    """A number as inputs show it: without a fraction where it has none."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
