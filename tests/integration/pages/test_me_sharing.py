"""Sharing and settings as forms: purposes, looks on record, consent, and the way out."""

from typing import Any
from uuid import UUID

from services.booking.domain.consents import KINDS, allows
from services.booking.handlers import preferences
from shared.contracts.contacts import QuietTime
from tests.integration.booking.front_door import FrontDoor
from tests.integration.pages.clients import MARKUP, Client

SETTINGS: dict[str, Any] = {
    "name": "Ann Example",
    "tz": "America/Toronto",
    "language": "en",
    "quiet_start": "21:00",
    "quiet_end": "08:00",
}


async def share_of(ann: Client) -> list[str] | None:
    """What the one member of the care team sees; None without one."""
    found: list[str] | None = await ann.door.value(
        "select share from care_team where client_id = $1 and removed_at is null", UUID(ann.id)
    )
    return found


async def test_a_client_shares_changes_and_ends_it(ann: Client) -> None:
    doctor = {"email": "doc@example.org", "role": "physician"}
    page = await ann.post("/me/sharing", **doctor, share=["progress", "plan"])
    assert (200, 1) == (page.status, len(page.tagged["member"]))
    assert ["progress", "plan"] == await share_of(ann)

    await ann.post("/me/sharing", **doctor, share="assessment")
    assert ["assessment"] == await share_of(ann)
    page = await ann.open("/me/sharing")
    gone = await ann.visitor.send(page, "/me/sharing", press="remove")
    assert "You share with nobody." in gone.text
    assert await share_of(ann) is None


async def test_an_address_that_is_none_is_marked(ann: Client) -> None:
    for email in ("doc", "ann@example.org", MARKUP):
        page = await ann.post("/me/sharing", email=email, role="physician", share="plan")
        assert (422, True) == (page.status, 'id="email-wrong"' in page.answer.text)
        assert "<script>alert" not in page.answer.text
    wrong = {"email": "doc@example.org", "role": "king"}
    assert 422 == (await ann.post("/me/sharing", **wrong)).status
    assert await share_of(ann) is None


async def test_who_has_looked_is_told_page_by_page(ann: Client, door: FrontDoor) -> None:
    assert "Nobody but you has looked at your data." in (await ann.open("/me/sharing")).text
    trainer = await door.sign_in("trainer01@limber.example")
    for _ in range(21):
        await door.ask("GET", f"/v1/clients/{ann.id}/progress", token=trainer)
    page = await ann.open("/me/sharing")
    assert 20 == len(page.tagged["look"])
    assert "Amara Okafor (Trainer)" in page.text
    older = await ann.open(page.links["Earlier looks"])
    assert 1 == len(older.tagged["look"])
    assert 20 == len((await ann.open("/me/sharing?before=x")).tagged["look"])


async def test_letter_and_export_open_with_the_session_alone(ann: Client) -> None:
    await ann.known()
    page = await ann.open("/me/sharing")
    for name, kind in (("letter", "application/pdf"), ("fhir", "application/fhir+json")):
        answer = await ann.visitor.http.get(str(page.tagged[name][0]["href"]))
        assert (200, kind) == (answer.status_code, answer.headers["content-type"]), name


async def test_settings_keep_language_hours_and_consent(ann: Client) -> None:
    page = await ann.open("/me/settings")
    said: dict[str, Any] = {
        "marketing-email": "on",
        "service-sms": "on",
        "service-email": None,
        "digest": "on",
    }
    saved = await ann.visitor.send(
        page, "/me/settings", language="fr", phone="416 555 0123", quiet_start="20:00", **said
    )
    assert "C'est enregistré." in saved.text
    assert "Bonjour" in (await ann.open("/me")).text
    async with ann.door.db.reading() as connection:
        found = await preferences.read(connection, UUID(ann.id))
    person, kept = found.person, found.preferences
    assert ("fr", "+14165550123") == (person.language, person.phone)
    assert (QuietTime(start="20:00", end="08:00"), True) == (kept.quiet, kept.digest)
    assert [("service", "sms"), ("marketing", "email")] == [
        kind for kind in KINDS if allows(found.standing, kind, ann.door.clock())
    ]


async def test_texts_need_a_number_and_say_so(ann: Client) -> None:
    page = await ann.open("/me/settings")
    again = await ann.visitor.send(page, "/me/settings", **{"service-sms": "on", "phone": ""})
    assert (422, True) == (again.status, "+1 416 555 0123" in again.text)


async def test_settings_that_are_wrong_change_nothing(ann: Client) -> None:
    before = await ann.door.tables()
    wrong: tuple[dict[str, str], ...] = (
        {"name": ""}, {"name": MARKUP * 10}, {"phone": MARKUP}, {"tz": "Mars/Olympus"},
        {"language": "de"}, {"quiet_start": MARKUP}, {"quiet_end": "21:00"},
    )  # fmt: skip
    for typed in wrong:
        page = await ann.post("/me/settings", **SETTINGS | typed)
        assert 422 == page.status, typed
        assert "<script>alert" not in page.answer.text
    assert before == await ann.door.tables()


async def test_who_signs_out_is_a_visitor_again(ann: Client) -> None:
    page = await ann.open("/me/settings")
    await ann.visitor.send(page, "/sign-out")
    assert "/sign-in" in (await ann.open("/me")).url
