"""All that notify needs to reach somebody, read as one document."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.booking.domain.addresses import one_line
from services.booking.domain.consents import KINDS, MARKETING, REMINDERS, Kind
from services.booking.domain.links import STOPS, LinkSigner
from shared.contracts.contacts import (
    BookingAccess,
    CareTeamAccess,
    Consent,
    ContactChanged,
    Grant,
    Preferences,
    PushDevice,
    SignInCode,
    StaffPass,
    UnsubscribeAccess,
    WaitlistAccess,
)
from shared.postgres import Transaction

MOST_BOOKINGS = 200
"""Coming bookings one contact document carries: two years of weekly sessions, and small enough."""

MOST_PASSES = 50
"""Open sessions one document carries, the newest: somebody who signs in anew on each working day
of a session's 30 days has half as many."""

_GRANTS = (
    "(select jsonb_agg(g order by g.message_class, g.channel) from ("
    " select distinct on (message_class, channel) message_class, channel, granted, basis, at,"
    " expires_at from message_consents where person_id = p.id"
    " order by message_class, channel, id desc) g)"
)
_PREFERENCES = (
    "(select jsonb_build_object('quiet', quiet, 'windows', windows, 'digest', digest,"
    " 'per_day', per_day) from preferences where person_id = p.id)"
)
_DEVICES = (
    "(select jsonb_agg(d order by d.id) from ("
    " select id, endpoint, p256dh, auth from push_devices where person_id = p.id) d)"
)
_CARE_TEAM = (
    "(select jsonb_agg(c order by c.member_id) from (select member_id, role, share from care_team"
    " where client_id = p.id and removed_at is null) c)"
)
_PASSES = (
    "case when p.role in ('staff', 'lead') then"  # noqa: S608 - our figure
    " (select jsonb_agg(s order by s.expires_at) from ("
    " select encode(token_hash, 'hex') as token_hash, expires_at from sessions"
    f" where person_id = p.id and expires_at > $2 order by expires_at desc limit {MOST_PASSES}"
    ") s) end"
)


class ErasedError(Exception):
    """Nothing is told of how to reach a person who was erased."""


async def contact_changed(
    tx: Transaction,
    person_id: UUID,
    *,
    signer: LinkSigner,
    now: datetime,
    sign_in: SignInCode | None = None,
) -> ContactChanged:
    """The person's whole document in its next version; the caller has locked the person before.

    Otherwise what somebody else changes meanwhile would be missing from this newer document.

    Raises:
        ErasedError: the person was erased.
    """
    person = await tx.fetchrow(
        "update people p set contact_version = contact_version + 1 where id = $1"  # noqa: S608 - ours
        " and erased_at is null"
        " returning id, role, name, email, phone, tz, language, contact_version,"
        " array(select w.id from waitlist w where w.client_id = p.id"
        " and w.status in ('waiting', 'offered') order by w.id) as waits,"
        f" {_GRANTS} as grants, {_PREFERENCES} as preferences, {_DEVICES} as devices,"
        f" {_CARE_TEAM} as care_team, {_PASSES} as passes",
        person_id,
        now,
    )
    if person is None:
        raise ErasedError
    bookings = await tx.fetch(
        "select b.id, b.join_url, b.address, t.name as trainer"
        " from bookings b join people t on t.id = b.trainer_id where b.client_id = $1"
        " and (b.end_at > $2 or b.updated_at > $2 - interval '1 day')"
        " order by b.start_at limit $3",
        person_id,
        now,
        MOST_BOOKINGS,
    )
    grants = tuple(Grant.model_validate(one) for one in person["grants"] or ())
    return ContactChanged(
        person_id=person["id"],
        version=person["contact_version"],
        role=person["role"],
        name=person["name"],
        email=person["email"],
        phone=person["phone"],
        language=person["language"],
        tz=person["tz"],
        consent=Consent(
            reminders=_counts(grants, REMINDERS, now),
            marketing=_counts(grants, MARKETING, now),
        ),
        bookings=tuple(_access(booking, signer) for booking in bookings),
        sign_in=sign_in,
        waitlist=tuple(
            WaitlistAccess(waitlist_id=place, token=signer.token("waitlist", place))
            for place in person["waits"]
        ),
        grants=grants,
        preferences=(
            None
            if person["preferences"] is None
            else Preferences.model_validate(person["preferences"])
        ),
        unsubscribe=tuple(
            UnsubscribeAccess(
                message_class=message_class,
                channel=channel,
                token=signer.token(STOPS[message_class, channel], person_id),
            )
            for message_class, channel in KINDS
        ),
        devices=tuple(PushDevice.model_validate(one) for one in person["devices"] or ()),
        care_team=tuple(CareTeamAccess.model_validate(one) for one in person["care_team"] or ()),
        passes=tuple(StaffPass.model_validate(one) for one in person["passes"] or ()),
    )


def _access(booking: Any, signer: LinkSigner) -> BookingAccess:  # noqa: ANN401
    return BookingAccess(
        booking_id=booking["id"],
        manage_token=signer.token("manage", booking["id"]),
        calendar_token=signer.token("calendar", booking["id"]),
        join_url=booking["join_url"],
        address=one_line(booking["address"]),
        with_name=booking["trainer"],
    )


def _counts(grants: tuple[Grant, ...], kind: Kind, now: datetime) -> bool:
    return any(
        (one.message_class, one.channel) == kind
        and one.granted
        and (one.expires_at is None or now < one.expires_at)
        for one in grants
    )
