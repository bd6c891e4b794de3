"""The calendar file that comes with news of a session."""

from services.notify.domain.windows import zone_or_company
from services.notify.writing.catalogue import marked
from services.notify.writing.content import Occasion, a_name, one_line
from services.notify.writing.sessions import OVER, PAUSED, sessions_told
from shared.calendar import CalendarEntry, Method, Status, calendar_of

CALENDAR_OF: dict[str, tuple[Method, Status]] = {
    "booking-confirmed": ("REQUEST", "CONFIRMED"),
    "booking-rescheduled": ("REQUEST", "CONFIRMED"),
    "booking-frozen": ("REQUEST", "TENTATIVE"),
    "booking-unfrozen": ("REQUEST", "CONFIRMED"),
    "booking-cancelled": ("CANCEL", "CANCELLED"),
}
"""Messages that carry a calendar file, its method and the session's status in it."""


def calendar_for(occasion: Occasion, paragraphs: list[str], sender: str) -> tuple[Method, bytes]:
    """Method and content of the calendar file; several sessions can only be published."""
    delivery, words, person = occasion.delivery, occasion.words, occasion.person
    method, status = CALENDAR_OF[delivery.template]
    detail, several = delivery.detail, "sessions" in delivery.detail
    service = words.say(words.service(detail["service"]).bare)
    over, paused = delivery.template in OVER, delivery.template in PAUSED
    pace = words.say(marked("Personal training at your pace."))
    entries = []
    for told in sessions_told(delivery):
        access = delivery.accesses.get(told.booking_id) if several else delivery.access
        place = None
        if access and not over:
            join = None if paused else access.join_url
            place = join or (one_line(access.address) if access.address else None)
        entries.append(
            CalendarEntry(
                booking_id=told.booking_id,
                version=told.version,
                start=told.start,
                end=told.end,
                tz=zone_or_company(detail["tz"]).key,
                summary=f"{service[:1].upper()}{service[1:]} · Limber",
                description=pace if several else "\n\n".join(paragraphs),
                location=place,
                url=None if over else occasion.links.manage(access),
                status=status,
            )
        )
    method = "PUBLISH" if several else method
    file = calendar_of(
        entries,
        method=method,
        organizer=sender,
        attendee=None if several else f'"{a_name(person.name)}" <{person.email}>',
        stamp=occasion.instant("at"),
    )
    return method, file
