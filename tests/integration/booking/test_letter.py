"""The letter: one page of facts in either language, of what is shared, each with its source."""

import io
from typing import Any

import pypdf
import pytest

from tests.integration.booking.care_view import (
    ASSESSMENT,
    CLEARANCE,
    FIRST_PEG,
    GOALS,
    HOLD,
    MOOD,
    NEWEST_PEG,
    PLAN,
    SCREENING,
    a_full_view,
    an_id,
)
from tests.integration.booking.front_door import FrontDoor, problem

OF: dict[str, set[str]] = {
    "progress": {FIRST_PEG, NEWEST_PEG, MOOD, GOALS, HOLD, an_id(1000), an_id(1001), an_id(1002)},
    "plan": {PLAN},
    "assessment": {SCREENING, CLEARANCE, ASSESSMENT},
}
"""The sources of each purpose."""

SAID: dict[str, tuple[str, ...]] = {
    "en": (
        "Letter about Ann Example",
        "Written by Limber on 4 May 2026",
        "Conditions as told by the client on 1 February 2026: back pain, fibromyalgia.",
        "granted with limits, valid until 28 November 2026, effort at most 5 of 10",
        "On 4 February 2026, pain was 5 of 10, and 6 of 10 on average in the week before.",
        "hip (left)",
        "\N{MINUS SIGN}5°",
        "Stands from a chair in 30 seconds: 11.",
        "Pain in the newest 3 check-ins",
        "from 3 to 7 of 10; at the first 4, at the last 3",
        "PEG (0 to 10, lower is better): 5 on 2 February 2026, 3.3 on 13 April 2026.",
        "PHQ-2 (0 to 6, lower is better): 1 on 3 February 2026.",
        "first 3, 2; on 2 April 2026 6, 5.",
        "change \N{MINUS SIGN}2.4 to \N{MINUS SIGN}0.3, 95 % interval",
        "Begun on 7 February 2026.",
        "Knee rolls (3\N{MULTIPLICATION SIGN} a week, 2 sets, 8 repetitions)",
        "It is not a diagnosis and promises nothing.",
    ),
    "fr": (
        "Lettre au sujet de Ann Example",
        "Écrite par Limber le 4 mai 2026",
        "le 1er février 2026",
        "intervalle à 95 %",
        "3,3 le 13 avril 2026",
        "n\N{RIGHT SINGLE QUOTATION MARK}est pas un diagnostic et ne promet rien",
    ),
}


def read(page: bytes) -> tuple[int, str]:
    """How many pages there are, and the words on the first, with single spaces."""
    document = pypdf.PdfReader(io.BytesIO(page))
    return len(document.pages), " ".join(document.pages[0].extract_text().split())


@pytest.fixture
async def ann(door: FrontDoor) -> dict[str, str]:
    """A client of whom much is known."""
    booking = await door.book()
    await door.hear(a_full_view(booking["client_id"]))
    return {
        "id": booking["client_id"],
        "path": f"/v1/clients/{booking['client_id']}/letter.pdf",
        "client": await door.sign_in("ann@example.org"),
    }


async def letter(door: FrontDoor, ann: dict[str, str], token: str, query: str = "") -> bytes:
    """The file that somebody gets."""
    answer = await door.ask("GET", ann["path"] + query, token=token)
    assert 200 == answer.status_code, answer.text
    assert "application/pdf" == answer.headers["content-type"]
    return answer.content


@pytest.mark.parametrize("language", SAID)
async def test_the_letter_is_one_page_of_facts_with_their_sources(
    door: FrontDoor, ann: dict[str, str], language: str
) -> None:
    page = await letter(door, ann, ann["client"], f"?lang={language}")

    pages, text = read(page)
    assert 1 == pages
    for words in SAID[language]:
        assert words in text
    for source in set.union(*OF.values()):
        # A line of the small print may break within an id.
        assert source in text.replace(" ", ""), source
    assert page == await letter(door, ann, ann["client"], f"?lang={language}")


async def test_the_language_is_the_clients_unless_another_is_asked_for(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    assert "Letter about" in read(await letter(door, ann, ann["client"]))[1]

    await door.ask("PATCH", "/v1/me", {"language": "fr"}, token=ann["client"])

    assert "Lettre au sujet de" in read(await letter(door, ann, ann["client"]))[1]
    answer = await door.ask("GET", f"{ann['path']}?lang=de", token=ann["client"])
    assert ["lang"] == [error["field"] for error in problem(answer, 422, "invalid")["errors"]]


@pytest.mark.parametrize(
    "share", [["progress"], ["plan"], ["assessment"], ["plan", "assessment"], list(OF)]
)
async def test_a_clinician_reads_what_is_shared_and_nothing_else(
    door: FrontDoor, ann: dict[str, str], share: list[str]
) -> None:
    team = f"/v1/clients/{ann['id']}/care-team"
    member: dict[str, Any] = {"email": "dr@clinic.example", "role": "physician", "share": share}
    added = await door.made(team, member, token=ann["client"])
    clinician = await door.sign_in("dr@clinic.example")

    text = read(await letter(door, ann, clinician))[1].replace(" ", "")

    for purpose, sources in OF.items():
        for source in sources:
            assert (source in text) == (purpose in share), (purpose, source)
    looks = await door.ask("GET", f"/v1/clients/{ann['id']}/access-log", token=ann["client"])
    assert ["letter"] == [look["what"] for look in looks.json()["items"]]

    await door.made(team, member | {"share": []}, token=ann["client"])
    problem(await door.ask("GET", ann["path"], token=clinician), 403, "not-your-client")
    await door.ask("DELETE", f"{team}/{added['id']}", token=ann["client"])
    problem(await door.ask("GET", ann["path"], token=clinician), 403, "not-your-client")


async def test_nobody_else_gets_the_letter(door: FrontDoor, ann: dict[str, str]) -> None:
    problem(await door.ask("GET", ann["path"]), 401, "sign-in-first")
    for who in ("trainer01", "trainer02", "staff", "clinician"):
        token = await door.sign_in(f"{who}@limber.example")
        assert 403 == (await door.ask("GET", ann["path"], token=token)).status_code, who
    assert 0 == await door.value("select count(*) from access_log")


async def test_of_a_client_nothing_is_known_of_the_letter_says_so(door: FrontDoor) -> None:
    booking = await door.book()
    token = await door.sign_in("ann@example.org")

    answer = await door.ask("GET", f"/v1/clients/{booking['client_id']}/letter.pdf", token=token)

    assert "Nothing has been recorded that is shared here." in read(answer.content)[1]


async def test_a_name_in_other_letters_gives_way_to_the_clients_id(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    for name, shown in (
        ("Łucja <b>Kőműves</b> & fils", "Łucja <b>Komuves</b> & fils"),
        ("\u674e\u5c0f\u9f99", ann["id"]),
    ):
        await door.ask("PATCH", "/v1/me", {"name": name}, token=ann["client"])
        assert f"Letter about {shown}" in read(await letter(door, ann, ann["client"]))[1]


async def test_the_fullest_letter_still_fits_one_page(door: FrontDoor, ann: dict[str, str]) -> None:
    event = a_full_view(ann["id"], check_ins=90)
    full = event.document
    part = full["assessment"]
    for name in ("posture", "mechanics", "rom"):
        part[name] *= 40
    full["holds"] *= 20
    full["plan"]["items"] *= 10
    full["trends"] *= 10
    full["clearance"]["avoid"] *= 12
    for report in full["check_ins"]:
        report["red_flags"] = ["night-pain", "weight-loss", "spreading-weakness"]
    await door.hear(event.model_copy(update={"version": 144}))

    for language in SAID:
        pages, text = read(await letter(door, ann, ann["client"], f"?lang={language}"))
        assert 1 == pages
        assert PLAN in text.replace(" ", "")
