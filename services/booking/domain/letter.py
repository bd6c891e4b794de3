"""The letter for a client's clinician: facts of the progress view, each with where it is from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

from services.booking.domain.letter_words import Wording
from services.booking.domain.people import Language
from shared.vocabulary.codes import Instrument

MOST_FINDINGS, MOST_JOINTS, MOST_ITEMS = 6, 8, 10
MOST_FLAGS, MOST_HOLDS, MOST_MEASURES = 5, 5, 7
"""What a page has room for, in the order in which the view lists it; more is counted."""


INSTRUMENTS = frozenset(get_args(Instrument))


@dataclass(frozen=True)
class Source:
    """What a fact was taken from: an entry of the client's history, or the view as a whole."""

    kind: str
    id: str


@dataclass(frozen=True)
class Fact:
    """A sentence and its sources."""

    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Section:
    """Facts under a heading."""

    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Letter:
    """All that stands on the page. Without sections nothing is known, or nothing is shared."""

    language: Language
    title: str
    lead: str
    sections: tuple[Section, ...]
    empty: str
    closing: str
    sources_title: str

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the facts were taken from, in the order in which they name it."""
        facts = (fact for section in self.sections for fact in section.facts)
        return tuple(dict.fromkeys(source for fact in facts for source in fact.sources))


def letter(
    view: Mapping[str, Any], *, name: str, language: Language, zone: ZoneInfo, now: datetime
) -> Letter:
    """The letter about a client; of a view that shows only what is shared, only that."""
    words = Wording(language, zone)
    writer = _Writer(view, words)
    sections = (
        Section(words.say("intake"), tuple(writer.intake())),
        Section(words.say("assessment"), tuple(writer.assessment())),
        Section(words.say("course"), tuple(writer.course())),
        Section(words.say("plan"), tuple(writer.plan())),
    )
    return Letter(
        language=language,
        title=words.say("title", name=name),
        lead=words.say("lead", day=words.date(now.astimezone(zone).date())),
        sections=tuple(section for section in sections if section.facts),
        empty=words.say("nothing"),
        closing=words.say("closing"),
        sources_title=words.say("sources"),
    )


class _Writer:
    """Takes facts from one view."""

    def __init__(self, view: Mapping[str, Any], words: Wording) -> None:
        self._view = view
        self._words = words
        whole = words.say("from-view", n=view["version"])
        self._whole = Source(whole, "")

    def _from(self, kind: str, item: Mapping[str, Any]) -> Source:
        return Source(self._words.say(f"from-{kind}"), str(item["id"]))

    def intake(self) -> Iterator[Fact]:
        say, words = self._words.say, self._words
        screening, clearance = self._view.get("screening"), self._view.get("clearance")
        if screening:
            named = [words.label("conditions", code) for code in screening["conditions"]]
            what = ", ".join(named) or say("none")
            text = say("conditions", day=words.day(screening["at"]), what=what)
            yield Fact(text, (self._from("screening", screening),))
        if clearance:
            parts = [words.label("clearances", clearance["status"])]
            if clearance.get("valid_until"):
                parts.append(say("until", day=words.day(clearance["valid_until"])))
            if clearance.get("max_effort") is not None:
                parts.append(say("effort", n=clearance["max_effort"]))
            if clearance.get("avoid"):
                avoid = (self._avoided(code) for code in clearance["avoid"])
                listed = words.listed(avoid, MOST_FINDINGS, apart=", ")
                parts.append(say("avoid", what=listed))
            text = say("clearance", day=words.day(clearance["requested_at"]), what=", ".join(parts))
            yield Fact(text, (self._from("clearance", clearance),))

    def _avoided(self, code: str) -> str:
        for group in ("families", "regions"):
            if (label := self._words.title(group, code)) != code:
                return label
        return self._words.option(code)

    def assessment(self) -> Iterator[Fact]:
        found = self._view.get("assessment")
        if not found:
            return
        say, words = self._words.say, self._words
        source = (self._from("assessment", found),)
        baseline = found["baseline"]
        yield Fact(
            say(
                "pain",
                day=words.day(found["at"]),
                now=baseline["pain_now"],
                week=baseline["pain_week"],
            ),
            source,
        )
        seen = (
            ("posture", "region", "regions", "posture_findings"),
            ("mechanics", "movement", "movements", "movement_findings"),
        )
        for part, about, places, findings in seen:
            told = [
                say(
                    "at",
                    about=words.label(places, one[about]),
                    finding=words.label(findings, one["finding"]),
                    n=one["severity"],
                )
                for one in found[part]
            ]
            if told:
                yield Fact(say(part, what=words.listed(told, MOST_FINDINGS)), source)
        if found["rom"]:
            measured = words.listed(map(self._range, found["rom"]), MOST_JOINTS)
            yield Fact(say("rom", what=measured), source)
        if found["chair_stand"] is not None:
            yield Fact(say("chair", n=found["chair_stand"]), source)

    def _range(self, one: Mapping[str, Any]) -> str:
        words = self._words
        side = "" if one["side"] == "none" else f" ({words.label('sides', one['side'])})"
        how = words.say("active" if one["active"] else "passive")
        return (
            f"{words.label('joints', one['joint'])}{side}, {words.label('motions', one['motion'])}"
            f" {words.number(one['degrees'])}° {how}"
        )

    def course(self) -> Iterator[Fact]:
        yield from self._check_ins()
        yield from self._holds()
        yield from self._scores()
        yield from self._goals()
        for trend in self._view.get("trends", ())[:MOST_MEASURES]:
            known = trend["low"] is not None and trend["high"] is not None
            text = self._words.say(
                "trend-in" if known else "trend",
                measure=self._measure(trend["measure"]),
                verdict=self._words.label("verdicts", trend["verdict"]),
                n=trend["n"],
                low=self._words.number(trend["low"] or 0),
                high=self._words.number(trend["high"] or 0),
            )
            yield Fact(text, (self._whole,))

    def _measure(self, code: str) -> str:
        return code.upper() if code in INSTRUMENTS else self._words.title("measures", code)

    def _check_ins(self) -> Iterator[Fact]:
        say, words = self._words.say, self._words
        reports = sorted(self._view.get("check_ins", ()), key=lambda report: report["at"])
        if not reports:
            return
        first, last = reports[0], reports[-1]
        pains = [report["pain"] for report in reports]
        ends = tuple(dict.fromkeys(self._from("check-in", one) for one in (first, last)))
        text = say(
            "check-ins",
            n=len(reports),
            first=words.day(first["at"]),
            last=words.day(last["at"]),
            low=min(pains),
            high=max(pains),
            before=first["pain"],
            after=last["pain"],
        )
        yield Fact(text, (*ends, self._whole))
        flagged = [report for report in reversed(reports) if report["red_flags"]][:MOST_FLAGS]
        if flagged:
            told = (
                f"{', '.join(words.label('red_flags', flag) for flag in one['red_flags'][:3])}"
                f" ({words.day(one['at'])})"
                for one in flagged
            )
            sources = tuple(self._from("check-in", one) for one in flagged)
            yield Fact(say("red-flags", what=words.listed(told, MOST_FLAGS)), sources)

    def _holds(self) -> Iterator[Fact]:
        for hold in self._view.get("holds", ())[:MOST_HOLDS]:
            what = self._words.label("hold_kinds", hold["kind"])
            if hold.get("option"):
                what = self._words.option(hold["option"])
            text = self._words.say(
                "hold", day=self._words.day(hold["since"]), rule=hold["rule"], what=what
            )
            yield Fact(text, (self._from("hold", hold),))

    def _scores(self) -> Iterator[Fact]:
        by_instrument: dict[Instrument, list[Mapping[str, Any]]] = {}
        for answered in self._view.get("questionnaires", ()):
            by_instrument.setdefault(answered["instrument"], []).append(answered)
        for code, known in list(by_instrument.items())[:MOST_MEASURES]:
            name = self._words.scale(code)
            known.sort(key=lambda answered: answered["at"])
            first, last = known[0], known[-1]
            number, day = self._words.number, self._words.day
            if first["id"] == last["id"]:
                text = self._words.say(
                    "score", name=name, score=number(last["score"]), day=day(last["at"])
                )
            else:
                text = self._words.say(
                    "scores",
                    name=name,
                    before=number(first["score"]),
                    first=day(first["at"]),
                    after=number(last["score"]),
                    last=day(last["at"]),
                )
            ends = (self._from("questionnaire", one) for one in (first, last))
            yield Fact(text, tuple(dict.fromkeys(ends)))

    def _goals(self) -> Iterator[Fact]:
        goals = self._view.get("goals")
        if goals:
            text = self._words.say(
                "goals",
                before=", ".join(map(str, goals["first"])),
                day=self._words.day(goals["at"]),
                after=", ".join(map(str, goals["newest"])),
            )
            yield Fact(text, (self._from("goals", goals),))

    def plan(self) -> Iterator[Fact]:
        plan = self._view.get("plan")
        if not plan:
            return
        source = (self._from("plan", plan),)
        if plan.get("activated_at"):
            text = self._words.say("begun", day=self._words.day(plan["activated_at"]))
        else:
            text = self._words.say("drafted", day=self._words.day(plan["drafted_at"]))
        yield Fact(text, source)
        items = self._words.listed(map(self._dose, plan["items"]), MOST_ITEMS)
        yield Fact(self._words.say("items", what=items), source)

    def _dose(self, item: Mapping[str, Any]) -> str:
        parts = [
            self._words.say(unit, n=item[unit])
            for unit in ("sets", "repetitions", "minutes")
            if item.get(unit) is not None
        ]
        often = self._words.say("week", n=item["per_week"])
        return f"{self._words.option(item['option'])} ({', '.join([often, *parts])})"
