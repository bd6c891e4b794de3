"""What messages about sessions have to say: booked, moved, off, soon, or free to take."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notify.domain.delivery import Delivery
from services.notify.writing.catalogue import marked
from services.notify.writing.content import Action, Content, Fact, Occasion, a_name, one_line

OVER = frozenset({"booking-cancelled", "trainer-cancelled"})
"""Messages about a session that will not be: they name no place and offer no links."""

PAUSED = frozenset({"booking-frozen"})
"""Messages about a session that may not be: they offer no way to join it."""

FOR_TRAINERS = frozenset({"trainer-booked", "trainer-moved", "trainer-cancelled"})

YOUR_TRAINER = marked("your trainer")
A_CLIENT = marked("a client")

WHEN = marked("When")
WITH = marked("With")
WHERE = marked("Where")
ONLINE = marked("Online")
JOIN = marked("Join online")
OPEN_DESK = marked("Open the desk")


@dataclass(frozen=True)
class Told:
    """A session in a message."""

    booking_id: UUID
    version: int
    start: datetime
    end: datetime


def sessions_told(delivery: Delivery) -> list[Told]:
    """The sessions a message is about: one, or those that one change concerned."""
    alone = {
        "booking_id": str(delivery.subject_id),
        "version": delivery.subject_version,
        "start": delivery.detail["start"],
        "end": delivery.detail["end"],
    }
    return [
        Told(
            UUID(one["booking_id"]),
            one["version"],
            datetime.fromisoformat(one["start"]),
            datetime.fromisoformat(one["end"]),
        )
        for one in delivery.detail.get("sessions", [alone])
    ]


def of_session(occasion: Occasion) -> Content:
    """A session, or several that one change concerned."""
    delivery, words, rules = occasion.delivery, occasion.words, occasion.rules
    detail, access, links = delivery.detail, delivery.access, occasion.links
    start, end = occasion.instant("start"), occasion.instant("end")
    for_client = delivery.template not in FOR_TRAINERS
    with_name = a_name(access.with_name) if access else ""
    told = sessions_told(delivery) if "sessions" in detail else []
    facts = [Fact(words.say(WHEN), words.span(start, end, rules))]
    if told:
        facts = [
            Fact(str(number), words.span(one.start, one.end, rules))
            for number, one in enumerate(told, start=1)
        ]
    elif "previous_start" in detail:
        before = words.moment(occasion.instant("previous_start"), rules)
        facts.append(Fact(words.say(marked("Before")), before))
    if with_name:
        facts.append(Fact(words.say(WITH), with_name))
    variables = _named(occasion, start) | {
        "many": len(told),
        "services": words.count(words.service(detail["service"]).several, len(told)),
        "with_name": with_name or words.say(YOUR_TRAINER if for_client else A_CLIENT),
    }
    if delivery.template in OVER:
        return Content(variables, tuple(facts))
    if detail["mode"] == "virtual":
        facts.append(Fact(words.say(WHERE), words.say(ONLINE)))
    elif access and access.address:
        facts.append(Fact(words.say(WHERE), one_line(access.address)))
    actions: list[Action] = []
    if access and access.join_url and not told and delivery.template not in PAUSED:
        actions.append(Action(words.say(JOIN), access.join_url))
    manage = words.say(marked("Move or cancel"))
    if not for_client:
        actions.append(Action(words.say(OPEN_DESK), links.home("trainer")))
    elif told:
        actions.append(Action(manage, links.home("client")))
    else:
        actions.append(Action(manage, links.manage(access)))
        if access and delivery.template not in PAUSED:
            url = links.calendar(delivery.subject_id, access.calendar_token)
            actions.append(Action(words.say(marked("Add to my calendar")), url))
    return Content(variables, tuple(facts), tuple(actions))


def of_offer(occasion: Occasion) -> Content:
    """A time that is kept for somebody who waits."""
    delivery, words, rules = occasion.delivery, occasion.words, occasion.rules
    start, until = occasion.instant("start"), occasion.instant("until")
    with_name = a_name(delivery.other_name)
    facts = [Fact(words.say(WHEN), words.span(start, occasion.instant("end"), rules))]
    if with_name:
        facts.append(Fact(words.say(WITH), with_name))
    if occasion.detail["mode"] == "virtual":
        facts.append(Fact(words.say(WHERE), words.say(ONLINE)))
    facts.append(Fact(words.say(marked("Kept for you until")), words.time(until, rules)))
    book = occasion.links.book(delivery.subject_id)
    variables = _named(occasion, start) | {
        "until": words.time(until, rules),
        "with_name": with_name or words.say(YOUR_TRAINER),
        "page": book,
    }
    return Content(
        variables,
        tuple(facts),
        (
            Action(words.say(marked("Book this time")), book),
            Action(
                words.say(marked("Leave the waiting list")),
                occasion.links.leave(delivery.leave_token),
            ),
        ),
    )


def of_agenda(occasion: Occasion) -> Content:
    """A trainer's sessions of one day, by start, with place or link."""
    words, rules = occasion.words, occasion.rules
    gathered = occasion.gathered
    sessions = gathered["sessions"]
    if not sessions:
        raise ValueError("no sessions to tell of")
    facts = []
    for one in sessions:
        start, end = (datetime.fromisoformat(one[name]) for name in ("start", "end"))
        service = words.say(words.service(one["service"]).bare)
        online = one["mode"] == "virtual"
        place = words.say(ONLINE).lower() if online else one_line(one["address"] or "")
        parts = (a_name(one["client_name"]) or words.say(A_CLIENT), service, place)
        value = ", ".join(part for part in parts if part)
        facts.append(Fact(words.times(start, end, rules), value, one["join_url"]))
    variables = {
        "day": words.date(datetime.fromisoformat(gathered["day"]).date()),
        "sessions": len(sessions),
        "first_time": words.time(datetime.fromisoformat(sessions[0]["start"]), rules),
    }
    return Content(variables, tuple(facts), (Action(words.say(OPEN_DESK), occasion.home),))


def _named(occasion: Occasion, start: datetime) -> dict[str, Any]:
    """The variables of every sentence about a session."""
    words, rules, service = occasion.words, occasion.rules, occasion.detail["service"]
    names = words.service(service)
    return {
        "service": words.say(names.bare),
        "a_service": words.say(names.a),
        "the_service": words.say(names.the),
        "first": service == "first-workout",
        "virtual": occasion.detail["mode"] == "virtual",
        "day": words.day(start, rules),
        "time": words.time(start, rules),
    }
