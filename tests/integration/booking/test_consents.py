"""The ledger of consent: the newest line counts, the clock ends what was implied, all is told."""

import asyncio
import hashlib
import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.handlers import consents
from shared.contracts.contacts import ContactChanged
from shared.contracts.messages import (
    RecipientRestored,
    RecipientSuppressed,
    RestoreReason,
    SuppressionReason,
)
from tests.integration.booking.front_door import (
    BENOIT,
    HOUR,
    NOW,
    TEN,
    FrontDoor,
    a_wish,
    problem,
    utc,
)

REMINDERS = ("service", "email")
KINDS = [(c, way) for c in ("service", "marketing") for way in ("email", "sms", "push")]
PREFERENCES, TRAIL = "/v1/me/preferences", "/v1/me/consents"
TWO_YEARS = timedelta(days=730)
PHONE = "+14165550123"


def suppressed(
    client: str, reason: SuppressionReason, channel: str, at: datetime = NOW, **other: Any
) -> RecipientSuppressed:
    """What notify tells of an address that takes nothing more."""
    return RecipientSuppressed.model_validate(
        {"recipient_id": client, "channel": channel, "reason": reason, "at": at, **other}
    )


def restored(client: str, reason: RestoreReason, at: datetime = NOW) -> RecipientRestored:
    """What notify tells of a number that is used again."""
    return RecipientRestored(recipient_id=UUID(client), channel="sms", reason=reason, at=at)


async def told(door: FrontDoor, person_id: str) -> ContactChanged:
    """What notify was told of somebody last."""
    documents = await door.published(topic="booking.contacts", key=person_id)
    return ContactChanged.model_validate(documents[-1].data)


async def bases(door: FrontDoor, person_id: str) -> dict[tuple[str, str], str]:
    """The basis of each class and channel, as notify was told last."""
    document = await told(door, person_id)
    return {(one.message_class, one.channel): one.basis for one in document.grants}


async def trail(door: FrontDoor, token: str) -> list[dict[str, Any]]:
    """The whole trail, oldest first, read in small pages."""
    lines: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = "?limit=3" + (f"&cursor={cursor}" if cursor else "")
        page = (await door.ask("GET", TRAIL + query, token=token)).json()
        assert len(page["items"]) <= 3
        lines += page["items"]
        cursor = page["next"]
    return lines[::-1]


@pytest.fixture
async def ann(door: FrontDoor) -> str:
    """The id of a client who gave no word about messages."""
    wish = a_wish()
    del wish["consent"]
    return str((await door.made("/v1/bookings", wish))["client_id"])


class Course:
    """A person's words in any order, done at the door and followed in plain Python."""

    def __init__(self, door: FrontDoor, client: str, token: str, seed: int) -> None:
        self.door, self.client, self.token = door, client, token
        self.random = random.Random(seed)
        # What was said last of each kind: (yes until when, how); no end is the year 9999.
        self.last: dict[tuple[str, str], tuple[datetime | None, str]] = {
            REMINDERS: (NOW + TWO_YEARS, "booking-form")
        }
        self.lines = [(*REMINDERS, True, "booking-form")]

    def allowed(self, kind: tuple[str, str]) -> bool:
        """Whether messages of a kind may come now."""
        until, _ = self.last.get(kind, (None, ""))
        return until is not None and self.door.clock.now < until

    def refused(self, kind: tuple[str, str]) -> bool:
        """Whether the last word was a no."""
        return kind in self.last and self.last[kind][0] is None

    def note(self, kind: tuple[str, str], until: datetime | None, source: str) -> None:
        """Somebody's word."""
        self.last[kind] = until, source
        self.lines.append((*kind, until is not None, source))

    async def step(self) -> None:
        """Anything that may happen next."""
        steps = (self.set, self.set, self.click, self.stop, self.start, self.complain, self.train)
        await self.random.choice(steps)()
        self.door.clock.advance(days=self.random.choice((0, 1, 100, 500)))

    async def set(self) -> None:
        """On the settings page, which shows how things stand."""
        kind, wanted = self.random.choice(KINDS), self.random.random() < 0.6
        answer = {"message_class": kind[0], "channel": kind[1], "granted": wanted}
        body = {"grants": [answer], "digest": False, "phone": PHONE}
        # Sessions of a person end after a month, and years go by here.
        self.token = await self.door.sign_in("ann@example.org")
        done = await self.door.ask("PUT", PREFERENCES, body, token=self.token)
        assert 200 == done.status_code, done.text
        if wanted != self.allowed(kind):
            self.note(kind, datetime.max.replace(tzinfo=NOW.tzinfo) if wanted else None, "settings")

    async def click(self) -> None:
        """In the mail program."""
        kind = self.random.choice(KINDS)
        links = {(u.message_class, u.channel): u.token for u in await self._links()}
        sent = {"List-Unsubscribe": "One-Click"}
        done = await self.door.http.post(f"/unsubscribe/{links[kind]}", data=sent)
        assert 200 == done.status_code
        if not self.refused(kind):
            self.note(kind, None, "one-click")

    async def stop(self) -> None:
        """By text."""
        await self.door.hear(suppressed(self.client, "stop", "sms", self.door.clock.now))
        self._end("sms", "stop")

    async def complain(self) -> None:
        """At the provider of the mailbox."""
        await self.door.hear(suppressed(self.client, "complaint", "email", self.door.clock.now))
        self._end("email", "complaint")

    async def start(self) -> None:
        """By text, which takes back a STOP alone."""
        await self.door.hear(restored(self.client, "start", self.door.clock.now))
        if self.last.get(("service", "sms")) == (None, "stop"):
            self.note(("service", "sms"), datetime.max.replace(tzinfo=NOW.tzinfo), "start")

    async def train(self) -> None:
        """A session took place."""
        now = self.door.clock.now
        async with self.door.db.transaction() as tx:
            await consents.imply(tx, UUID(self.client), now=now)
        until, source = self.last.get(REMINDERS, (None, ""))
        said = source in {"settings", "one-click", "complaint"}
        if not said and until is not None and until < now + TWO_YEARS:
            self.note(REMINDERS, now + TWO_YEARS, "session")

    def _end(self, channel: str, source: str) -> None:
        for message_class in ("service", "marketing"):
            if not self.refused((message_class, channel)):
                self.note((message_class, channel), None, source)

    async def _links(self) -> Any:
        return (await told(self.door, self.client)).unsubscribe


@pytest.mark.parametrize("seed", range(3))
async def test_the_trail_is_what_happened_and_its_newest_lines_count(
    door: FrontDoor, ann: str, seed: int
) -> None:
    course = Course(door, ann, "", seed)
    for _ in range(25):
        await course.step()

        token = await door.sign_in("ann@example.org")
        shown = (await door.ask("GET", PREFERENCES, token=token)).json()["grants"]
        assert {kind: course.allowed(kind) for kind in KINDS} == {
            (one["message_class"], one["channel"]): one["granted"] for one in shown
        }
    document = await told(door, ann)
    # A session adds a line without a new document here: booking tells it with the booking.
    written = await trail(door, token)
    assert course.lines == [
        (one["message_class"], one["channel"], one["granted"], one["source"]) for one in written
    ]
    newest = {(one["message_class"], one["channel"]): one for one in written}
    assert {kind for kind, (until, _) in course.last.items() if until is None} == {
        kind for kind, one in newest.items() if one["basis"] == "withdrawn"
    }
    assert document.version == len(await door.published(topic="booking.contacts", key=ann))


async def test_no_line_is_ever_changed(door: FrontDoor, ann: str) -> None:
    with pytest.raises(Exception, match="never changed"):
        await door.value("update message_consents set basis = 'express' returning id")
    assert {REMINDERS: "implied"} == await bases(door, ann)


@pytest.mark.parametrize(
    ("consent", "expected"),
    [
        ({"reminders": True}, {REMINDERS: "express"}),
        ({"reminders": False}, {REMINDERS: "withdrawn"}),
        (
            {"marketing": True},
            {REMINDERS: "implied", ("marketing", "email"): "express"},
        ),
        ({}, {REMINDERS: "implied"}),
    ],
)
async def test_a_form_is_taken_at_what_was_answered(
    door: FrontDoor, consent: dict[str, bool], expected: dict[tuple[str, str], str]
) -> None:
    made = await door.made("/v1/bookings", a_wish(consent=consent))

    assert expected == await bases(door, made["client_id"])
    facts = [e for e in await door.published() if e.type == "consent.changed.v1"]
    assert len(expected) == len(facts)


async def test_waiting_implies_for_half_a_year_and_training_for_two(
    door: FrontDoor,
) -> None:
    wish = {
        "service": "training", "mode": "virtual", "from": "2026-05-06", "to": "2026-05-08",
        "client": {"name": "Ann Example", "email": "ann@example.org", "tz": "America/Toronto"},
    }  # fmt: skip
    await door.made("/v1/waitlist", wish)
    client = str(await door.value("select client_id from waitlist"))
    (first,) = (await told(door, client)).grants
    assert NOW + timedelta(days=180) == first.expires_at

    # Whoever books under a known address is not known to be that person.
    booking = await door.book()
    assert (first,) == (await told(door, client)).grants
    door.clock.now = TEN + HOUR
    trainer = await door.sign_in("trainer01@limber.example")
    await door.made(f"/v1/bookings/{booking['id']}/complete", None, token=trainer)

    (last,) = (await told(door, client)).grants
    assert ("implied", TEN + HOUR + TWO_YEARS) == (last.basis, last.expires_at)
    *_, completed, agreed = await door.published(topic="booking.events")
    assert ("booking.completed.v1", "consent.changed.v1") == (completed.type, agreed.type)
    assert utc(TEN + HOUR + TWO_YEARS) == agreed.data["expires_at"]


async def test_a_bounce_or_a_stop_overtaken_by_a_newer_word_takes_nothing(
    door: FrontDoor, ann: str
) -> None:
    token = await door.sign_in("ann@example.org")
    grant = {"message_class": "service", "channel": "sms", "granted": True}
    body = {"grants": [grant], "digest": False, "phone": PHONE}
    door.clock.advance(hours=1)
    await door.ask("PUT", PREFERENCES, body, token=token)
    late = suppressed(ann, "stop", "sms", NOW)
    await door.hear(suppressed(ann, "hard-bounce", "email", door.clock.now), late)

    assert {
        REMINDERS: "implied",
        ("service", "sms"): "express",
        ("marketing", "sms"): "withdrawn",
    } == (await bases(door, ann))


async def test_what_notify_tells_twice_or_of_nobody_is_written_once(
    door: FrontDoor, ann: str
) -> None:
    await door.hear(suppressed(str(UUID(int=9)), "stop", "sms"), restored(ann, "start"))
    assert 1 == len(await door.published(topic="booking.contacts", key=ann))

    stop = suppressed(ann, "stop", "sms")
    await door.hear(stop, stop, identities=("one", "one"))
    await door.hear(restored(ann, "staff"))

    assert 2 == len(await door.published(topic="booking.contacts", key=ann))
    assert "withdrawn" == (await bases(door, ann))["service", "sms"]
    await door.hear(restored(ann, "start"))
    assert "express" == (await bases(door, ann))["service", "sms"]
    evidence = "select array_agg(evidence order by id) from message_consents where channel = 'sms'"
    assert ["STOP by SMS", "STOP by SMS", "START by SMS"] == await door.value(evidence)


async def test_a_device_that_is_gone_is_forgotten(door: FrontDoor, ann: str) -> None:
    token = await door.sign_in("ann@example.org")
    keys = {"p256dh": "B" + "A" * 86, "auth": "A" * 22}
    body = {"endpoint": "https://push.example.org/send/1", "keys": keys}
    device = await door.made("/v1/me/devices", body, token=token)

    await door.hear(suppressed(ann, "gone", "push", device_id=device["id"]))

    document = await told(door, ann)
    assert () == document.devices
    # Consent stands: another device may be allowed any day.
    assert "express" == (await bases(door, ann))["service", "push"]


async def test_the_newest_document_holds_what_was_changed_at_once(
    door: FrontDoor, ann: str
) -> None:
    token = await door.sign_in("ann@example.org")
    link = (await told(door, ann)).unsubscribe[0].token
    body = {"grants": [], "digest": True, "per_day": 3}
    answers = await asyncio.gather(
        door.ask("PUT", PREFERENCES, body, token=token),
        door.http.post(f"/unsubscribe/{link}", data={"List-Unsubscribe": "One-Click"}),
        door.post("/v1/bookings", a_wish(TEN + 2 * HOUR)),
        door.post("/v1/bookings", a_wish(TEN + 4 * HOUR, trainer=BENOIT)),
        door.ask("PATCH", "/v1/me", {"phone": PHONE}, token=token),
    )

    assert [200, 200, 201, 201, 200] == [answer.status_code for answer in answers]
    document = await told(door, ann)
    assert document.preferences is not None
    assert (6, 3, PHONE, 3, "withdrawn") == (
        document.version,
        document.preferences.per_day,
        document.phone,
        len(document.bookings),
        document.grants[0].basis,
    )


async def test_the_care_team_is_told_with_the_client_and_who_is_new_before(
    door: FrontDoor, ann: str
) -> None:
    token = await door.sign_in("ann@example.org")
    team = f"/v1/clients/{ann}/care-team"
    body = {"email": "dr.li@example.org", "role": "physician", "share": ["progress", "plan"]}
    member = await door.made(team, body, token=token)

    *_, new, anns = await door.published(topic="booking.contacts")
    person = str(await door.value("select id from people where email = 'dr.li@example.org'"))
    assert (person, "clinician", []) == (new.key, new.data["role"], new.data["grants"])
    expected = {"member_id": person, "role": "physician", "share": ["progress", "plan"]}
    assert [expected] == anns.data["care_team"]
    await door.ask("DELETE", f"{team}/{member['id']}", token=token)
    assert () == (await told(door, ann)).care_team


async def test_staffs_passes_are_told_while_they_last_and_nobody_elses(door: FrontDoor) -> None:
    staff = str(await door.value("select id from people where role = 'staff'"))
    first = await door.sign_in("staff@limber.example")
    door.clock.advance(days=29)
    second = await door.sign_in("staff@limber.example")
    hashes = [hashlib.sha256(one.encode()).hexdigest() for one in (first, second)]
    assert hashes == [one.token_hash for one in (await told(door, staff)).passes]

    door.clock.advance(days=2)
    await door.sign_in("staff@limber.example")
    assert hashes[1:] == [one.token_hash for one in (await told(door, staff)).passes][:1]
    before = len(await door.published(topic="booking.contacts"))
    for other in ("trainer01", "clinician"):
        await door.sign_in(f"{other}@limber.example")
    assert before == len(await door.published(topic="booking.contacts"))


async def test_an_alert_is_acknowledged_by_those_who_treat(door: FrontDoor, ann: str) -> None:
    path = f"/v1/clients/{ann}/safety-acknowledgement"
    tokens = {
        name: await door.sign_in(f"{name}@limber.example")
        for name in ("trainer01", "trainer02", "lead", "staff", "clinician")
    }
    for token, status, code in (
        (None, 401, "sign-in-first"),
        (await door.sign_in("ann@example.org"), 403, "trainer-only"),
        (tokens["trainer02"], 403, "not-your-client"),
        (tokens["clinician"], 403, "not-your-client"),
    ):
        problem(await door.post(path, token=token), status, code)
    nobodys = path.replace(ann, str(UUID(int=9)))
    problem(await door.post(nobodys, token=tokens["staff"]), 404, "no-such-client")

    for name in ("trainer01", "lead", "staff"):
        answer = await door.made(path, None, token=tokens[name])
        fact = (await door.published(topic="booking.events"))[-1]
        assert ("safety.acknowledged.v1", ann, answer) == (fact.type, fact.key, fact.data)
        by = await door.value(
            "select email from people where id = $1", UUID(answer["acknowledged_by"])
        )
        assert f"{name}@limber.example" == by
