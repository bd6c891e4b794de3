"""Holds that rules ask for."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from services.progress.domain.firing import Firing
from services.progress.domain.model import Hold
from services.progress.domain.rules import Rule, Rules


def holds_asked(
    firings: Sequence[Firing],
    rules: Rules,
    *,
    of: UUID,
    since: datetime,
    check_in: UUID | None,
    standing: Sequence[Hold] = (),
) -> tuple[Hold, ...]:
    """The holds that these firings ask for; `of` is what was judged.

    One for each rule, also while another of it stands: each sign is looked at by a person. An
    option that is locked is not locked again.
    """
    placed: list[Hold] = []
    fired = {firing.rule for firing in firings}
    for rule in rules.rules:
        if rule.id not in fired:
            continue
        mine = [firing for firing in firings if firing.rule == rule.id]
        if rule.hold is None:
            continue
        if rule.hold != "option":
            placed.append(hold_for(rule, mine, of=of, since=since, check_in=check_in))
            continue
        locked = {hold.option for hold in standing if hold.kind == "option"}
        for option in _options(mine):
            if option not in locked:
                why = [one for one in mine if option in (one.inputs["options"] or [None])]
                placed.append(
                    hold_for(rule, why, of=of, since=since, check_in=check_in, option=option)
                )
    return tuple(placed)


def hold_for(
    rule: Rule,
    firings: Sequence[Firing],
    *,
    of: UUID,
    since: datetime,
    check_in: UUID | None,
    option: str | None = None,
) -> Hold:
    """A hold that a rule asks for, with an id that the same cause always gives."""
    return Hold(
        id=uuid5(of, rule.id if option is None else f"{rule.id} {option}"),
        check_in_id=check_in,
        kind=rule.hold or "session",
        option=option,
        rule=rule.id,
        level=firings[0].level,
        since=since,
        reason=firings[0].detail,
        firings=tuple(firings),
    )


def _options(firings: Sequence[Firing]) -> list[str | None]:
    named: list[str | None] = [
        option for firing in firings for option in firing.inputs["options"] or [None]
    ]
    return list(dict.fromkeys(named))
