"""A client's progress as FHIR R4B resources, each built from one item of the progress view."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from services.booking.domain.letter_words import Wording
from services.booking.domain.people import Language
from shared.clock import rfc3339
from shared.instruments.table import instrument
from shared.vocabulary.codes import Instrument

Resource: TypeAlias = dict[str, Any]

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
OURS = "https://limber.example/fhir"
"""Where codes are from that no public system has: measures, options, instruments."""

PAIN_NOW = ("72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported")
PAIN_WEEK = ("75893-8", "What number best describes your pain on average in the past week?")
PEG_PANEL = (
    "91148-7",
    "Pain intensity, Enjoyment of life, General activity (PEG) 3 item pain scale",
)
PEG_MEAN = ("91147-9", "Mean score [PEG]")
PEG_ITEMS = ("75893-8", "91145-3", "91146-1")
"""LOINC, as the AHRQ and CQF pain summary uses them."""

SCORES = (
    "stiffness", "energy", "mood", "confidence", "effort", "enjoyment", "worst_pain",
)  # fmt: skip
"""What a check-in may hold beside pain, 0-10 each."""


def bundle(
    view: Mapping[str, Any], *, name: str, language: Language, words: Wording, now: datetime
) -> dict[str, Any]:
    """All that the view shows as one collection, ready for JSON; its ids are the view's.

    `language` is the client's own, `words` those of who reads it.
    """
    patient = _patient(view, name, language)
    resources = [patient, *_Resources(view, words).all()]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": rfc3339(now.replace(microsecond=0)),
        "entry": [
            {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
            for resource in resources
        ],
    }


def _patient(view: Mapping[str, Any], name: str, language: Language) -> Resource:
    return {
        "resourceType": "Patient",
        "id": view["client_id"],
        "identifier": [{"system": f"{OURS}/client", "value": view["client_id"]}],
        "name": [{"text": name}],
        "communication": [
            {
                "language": {"coding": [{"system": "urn:ietf:bcp:47", "code": language}]},
                "preferred": True,
            }
        ],
    }


class _Resources:
    """Builds resources from one view."""

    def __init__(self, view: Mapping[str, Any], words: Wording) -> None:
        self._view = view
        self._words = words
        self._subject = {"reference": f"urn:uuid:{view['client_id']}"}

    def all(self) -> Iterator[Resource]:
        """Of every part that is there."""
        yield from self._assessment()
        for report in self._view.get("check_ins", ()):
            yield self._check_in(report)
        for answered in self._view.get("questionnaires", ()):
            yield self._response(answered)
            yield self._score(answered)
        yield from self._goals()
        plan = self._view.get("plan")
        if plan:
            yield self._plan(plan)

    def _observation(self, item_id: str, at: str, code: Resource, **value: object) -> Resource:
        return {
            "resourceType": "Observation",
            "id": item_id,
            "status": "final",
            "category": [{"coding": [{"system": CATEGORY, "code": "survey"}]}],
            "code": code,
            "subject": self._subject,
            "effectiveDateTime": at,
            **value,
        }

    def _check_in(self, report: Mapping[str, Any]) -> Resource:
        components = [
            {"code": self._measure(score), "valueQuantity": _points(report[score])}
            for score in SCORES
            if report.get(score) is not None
        ]
        more: dict[str, object] = {"component": components} if components else {}
        return self._observation(
            report["id"],
            report["at"],
            _loinc(PAIN_NOW),
            valueQuantity=_points(report["pain"]),
            **more,
        )

    def _measure(self, code: str) -> Resource:
        return _concept("measure", code, self._words.title("measures", code))

    def _assessment(self) -> Iterator[Resource]:
        found = self._view.get("assessment")
        if not found:
            return
        at, baseline = found["at"], found["baseline"]

        def part(what: str, code: Resource, **value: object) -> Resource:
            return self._observation(_part_of(found["id"], what), at, code, **value)

        yield part("now", _loinc(PAIN_NOW), valueQuantity=_points(baseline["pain_now"]))
        yield part("week", _loinc(PAIN_WEEK), valueQuantity=_points(baseline["pain_week"]))
        if found["chair_stand"] is not None:
            code = _concept("measure", "chair-stand-30s", "Stands from a chair in 30 seconds")
            yield part("chair", code, valueInteger=found["chair_stand"])
        for number, one in enumerate(found["rom"]):
            yield part(
                f"rom {number}",
                _concept("motion", one["motion"], self._words.title("motions", one["motion"])),
                bodySite=_concept("joint", one["joint"], self._words.title("joints", one["joint"])),
                method=_concept("method", "active" if one["active"] else "passive"),
                valueQuantity={
                    "value": one["degrees"],
                    "unit": "degrees",
                    "system": UCUM,
                    "code": "deg",
                },
                component=[
                    {
                        "code": _concept("measure", "side"),
                        "valueCodeableConcept": _concept(
                            "side", one["side"], self._words.title("sides", one["side"])
                        ),
                    }
                ],
            )
        seen = (
            ("posture", "region", "regions", "posture_findings"),
            ("mechanics", "movement", "movements", "movement_findings"),
        )
        for name, about, places, findings in seen:
            for number, one in enumerate(found[name]):
                told = self._words.title(findings, one["finding"])
                yield part(
                    f"{name} {number}",
                    _concept(about, one[about], self._words.title(places, one[about])),
                    valueCodeableConcept=_concept("finding", one["finding"], told),
                    component=[
                        {
                            "code": _concept("measure", "severity"),
                            "valueInteger": one["severity"],
                        }
                    ],
                )

    def _response(self, answered: Mapping[str, Any]) -> Resource:
        name: Instrument = answered["instrument"]
        coded = PEG_ITEMS if name == "peg" else ()
        items = [
            {
                "linkId": coded[number - 1] if coded else str(number),
                "answer": [{"valueInteger": answer}],
            }
            for number, answer in enumerate(answered["answers"], start=1)
        ]
        return {
            "resourceType": "QuestionnaireResponse",
            "id": answered["id"],
            "questionnaire": (
                f"{LOINC}/q/{PEG_PANEL[0]}"
                if name == "peg"
                else f"{OURS}/Questionnaire/{name}|{answered['version']}"
            ),
            "status": "completed",
            "subject": self._subject,
            "authored": answered["at"],
            "item": items,
        }

    def _score(self, answered: Mapping[str, Any]) -> Resource:
        name: Instrument = answered["instrument"]
        code = _loinc(PEG_MEAN) if name == "peg" else _concept("score", name, name.upper())
        return self._observation(
            _part_of(answered["id"], "score"),
            answered["at"],
            code,
            valueQuantity=_points(answered["score"]),
            derivedFrom=[{"reference": f"urn:uuid:{answered['id']}"}],
            note=[{"text": f"Better: {instrument(name).better}."}],
        )

    def _goals(self) -> Iterator[Resource]:
        goals = self._view.get("goals")
        if not goals:
            return
        # What the activities are called is the client's own text, which the view never holds.
        for number, rating in enumerate(goals["newest"], start=1):
            yield {
                "resourceType": "Goal",
                "id": _part_of(goals["id"], f"goal {number}"),
                "lifecycleStatus": "active",
                "description": {"text": f"PSFS activity {number} of {len(goals['newest'])}"},
                "subject": self._subject,
                "statusDate": goals["at"][:10],
                "target": [{"measure": _concept("score", "psfs", "PSFS"), "detailInteger": 10}],
                "note": [{"text": f"Rated {rating} of 10, where 10 is as before."}],
            }

    def _plan(self, plan: Mapping[str, Any]) -> Resource:
        begun = plan.get("activated_at")
        period: dict[str, object] = {"period": {"start": begun}} if begun else {}
        return {
            "resourceType": "CarePlan",
            "id": plan["id"],
            "status": "active" if plan["status"] == "active" else "draft",
            "intent": "plan",
            "title": "Exercise plan",
            "subject": self._subject,
            "created": plan["drafted_at"],
            **period,
            "activity": [self._activity(item, active=bool(begun)) for item in plan["items"]],
        }

    def _activity(self, item: Mapping[str, Any], *, active: bool) -> Resource:
        repeat: dict[str, object] = {
            "frequency": item["per_week"],
            "period": 1,
            "periodUnit": "wk",
        }
        if item.get("minutes") is not None:
            repeat |= {"duration": item["minutes"], "durationUnit": "min"}
        dose = [f"{item[unit]} {unit}" for unit in ("sets", "repetitions") if item.get(unit)]
        detail: Resource = {
            "status": "in-progress" if active else "not-started",
            "code": _concept("option", item["option"], self._words.option(item["option"])),
            "scheduledTiming": {"repeat": repeat},
        }
        return {"detail": detail | ({"description": ", ".join(dose)} if dose else {})}


def _part_of(item_id: str, part: str) -> str:
    """The id of a resource that is one of several from the same item: the same every time."""
    return str(uuid5(UUID(item_id), part))


def _points(value: float) -> Resource:
    return {"value": value, "unit": "score", "system": UCUM, "code": "{score}"}


def _loinc(code: tuple[str, str]) -> Resource:
    return {"coding": [{"system": LOINC, "code": code[0], "display": code[1]}], "text": code[1]}


def _concept(system: str, code: str, display: str | None = None) -> Resource:
    shown = display or code
    coding = {"system": f"{OURS}/{system}", "code": code, "display": shown}
    return {"coding": [coding], "text": shown}
