"""Every page there is, in every state that looks different: who opens it, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import httpx

from shared.clock import rfc3339
from shared.contracts.conclusions import ClearanceRequested, PlanDrafted
from shared.contracts.progress import SubmissionAnswered
from tests.integration.booking.care_view import CLEARANCE, PLAN, a_check_in
from tests.integration.booking.front_door import (
    AMARA,
    HOUR,
    NOW,
    SIGNER,
    TEN,
    FrontDoor,
    a_hold,
)
from tests.integration.pages.clients import Client, a_client
from tests.integration.pages.professionals import TRAINER
from tests.integration.pages.test_check_in_page import WORSE
from tests.integration.pages.test_desk_plan import a_plan
from tests.integration.pages.test_waiting_pages import SEARCH as WAITED_FOR
from tests.integration.pages.test_waiting_pages import joined
from tests.integration.pages.visiting import Visitor, a_browser

ANN, BEN, CLEO = (f"{name}@example.org" for name in ("ann", "ben", "cleo"))
DOCTOR, STAFF = "doc@example.org", "staff@limber.example"

SEARCH = "/?postal=M5V2T6&condition=back-pain"
WAIT = WAITED_FOR.replace("/?", "/waitlist?")


@dataclass(frozen=True)
class Stop:
    """A page to look at: an address, or the answer when a form on it is sent as it is.

    `status` is what it answers. `typed` goes into the form first; `unfolded` shows all questions
    of a check-in at once.
    """

    path: str
    who: str | None = None
    status: int = 200
    sent: str | None = None
    typed: tuple[tuple[str, str], ...] = ()
    unfolded: bool = False

    @property
    def is_beside(self) -> bool:
        """A refusal or a form with marked fields: built of the same parts as the others."""
        return self.status != 200 or self.sent is not None

    @property
    def name(self) -> str:
        """What a failed test calls it."""
        return f"{self.path} {self.sent or ''}{' unfolded' if self.unfolded else ''}".strip()


async def all_stops(door: FrontDoor) -> list[Stop]:
    """People with something on each page, and all the pages; each person's stand together."""
    async with a_client(door, ANN) as ann:
        await ann.known()
        await _shared(ann)
        reports = await _reports(ann)
        async with a_client(door, BEN, start=TEN + 2 * HOUR) as ben:
            await ben.known(level="emergency", plan=a_plan(), screening=None, clearance=None)
            await door.hear(a_hold(ben.id))
            async with a_client(door, CLEO, start=TEN + 4 * HOUR) as cleo:
                await _of_the_day(door, cleo)
                return [
                    *await _open_to_all(door, ann),
                    *_mine(ann, reports),
                    *_refused(ann),
                    Stop("/me", BEN),
                    *(Stop(path, CLEO) for path in ("/me", "/me/plan", "/me/diary", "/me/goals")),
                    *_at_the_desk(ann, ben, cleo, reports),
                    *_at_the_clinic(ann),
                    *await _of_the_staff(door, ann),
                ]


async def _open_to_all(door: FrontDoor, ann: Client) -> list[Stop]:
    async with a_browser(door) as http:
        visitor = Visitor(http)
        times = await visitor.open(SEARCH)
        held = (await visitor.send(times, "/hold", press="slot")).url
        place = (await joined(visitor)).url
    path = httpx.URL(held).raw_path.decode()
    manage = f"/manage/{SIGNER.token('manage', UUID(ann.booking))}"
    gone = await door.book(TEN + timedelta(days=1), email=ANN)
    await door.post(f"/v1/bookings/{gone['id']}/cancel", {}, token=gone["manage_token"])
    soon = await door.book(NOW + 6 * HOUR, email=ANN)
    stops = SIGNER.token("stop-service-email", UUID(ann.id))
    return [
        Stop("/"),
        Stop(SEARCH),
        Stop("/?virtual=on"),
        Stop("/?postal=K0A"),
        Stop(path),
        Stop(path, status=422, sent="form.details"),
        Stop(manage),
        Stop(f"{manage}?booked=1"),
        Stop(f"{manage}/move"),
        Stop(f"/manage/{gone['manage_token']}"),
        Stop(f"/manage/{soon['manage_token']}"),
        Stop(WAIT),
        Stop(WAIT, status=422, sent="form.panel"),
        Stop(httpx.URL(place).raw_path.decode()),
        Stop(f"/unsubscribe/{stops}"),
        Stop(f"/unsubscribe/{stops}", sent="main form"),
        Stop("/unsubscribe/unknown", status=404),
        Stop("/sign-in"),
        Stop("/sign-in", sent="form.panel", typed=(("email", "nobody@example.org"),)),
        Stop("/sign-in", status=422, sent="form.panel", typed=(("email", "nobody"),)),
        Stop("/manage/unknown", status=401),
        Stop(f"/hold/{uuid4()}", status=410),
        Stop("/me/plan", status=401),
    ]


def _mine(ann: Client, reports: Mapping[str, str]) -> list[Stop]:
    forms = {
        "screening": "main form:last-of-type",
        "goals": "main form:last-of-type",
        "questionnaires/peg": "main form:last-of-type",
        "sharing": "#share",
    }
    return [
        Stop("/me", ANN),
        *(Stop(f"/me/{page}", ANN) for page in ("plan", "diary", "settings", "data")),
        *(Stop(f"/me/questionnaires/{name}", ANN) for name in ("psfs", "pgic")),
        Stop("/me/check-in", ANN),
        *(
            Stop(f"/me/check-in?kind={kind}", ANN, unfolded=True)
            for kind in ("daily", "post", "next-morning")
        ),
        Stop("/me/check-in", ANN, status=422, sent="#check-in", unfolded=True),
        *(Stop(f"/me/{form}", ANN) for form in forms),
        *(Stop(f"/me/{form}", ANN, status=422, sent=sent) for form, sent in forms.items()),
        Stop("/me/settings", ANN, status=422, sent="form", typed=(("name", ""),)),
        Stop("/me/data/erase", ANN),
        Stop("/me/data/erase", ANN, status=422, sent="main form"),
        *(Stop(f"/me/reports/{report}", ANN) for report in reports.values()),
    ]


def _refused(ann: Client) -> list[Stop]:
    return [
        Stop("/desk/hours", ANN, status=403),
        Stop(f"/me/reports/{uuid4()}", ANN, status=404),
        Stop("/me/questionnaires/none", ANN, status=404),
        Stop(f"/clinic/clients/{ann.id}", TRAINER, status=403),
    ]


def _at_the_desk(ann: Client, ben: Client, cleo: Client, reports: Mapping[str, str]) -> list[Stop]:
    desk = "/desk/clients"
    return [
        Stop("/desk", TRAINER),
        Stop("/desk?day=2026-05-06", TRAINER),
        Stop("/desk/hours", TRAINER),
        Stop("/desk/hours", TRAINER, status=422, sent="#hours", typed=(("version", "0"),)),
        Stop("/desk/time-off", TRAINER),
        Stop("/desk/time-off", TRAINER, status=422, sent="#take"),
        *(Stop(f"{desk}/{one.id}", TRAINER) for one in (ann, ben, cleo)),
        Stop(f"{desk}/{ann.id}", TRAINER, status=422, sent="[data-testid=hold]"),
        Stop(f"{desk}/{ann.id}/assessment", TRAINER),
        Stop(f"{desk}/{ann.id}/assessment", TRAINER, status=422, sent="#assessment"),
        *(Stop(f"{desk}/{one.id}/plan", TRAINER) for one in (ann, ben, cleo)),
        Stop(
            f"{desk}/{ben.id}/plan",
            TRAINER,
            status=422,
            sent="#plan",
            typed=(("per_week-0", "99"),),
        ),
        *(
            Stop(f"{desk}/{ann.id}/reports/{reports[name]}", TRAINER)
            for name in ("pending", "done", "rejected")
        ),
    ]


def _at_the_clinic(ann: Client) -> list[Stop]:
    page = f"/clinic/clients/{ann.id}"
    return [
        Stop("/clinic", DOCTOR),
        Stop(page, DOCTOR),
        Stop(page, DOCTOR, status=422, sent="#clearance"),
        Stop(page, DOCTOR, status=422, sent="#comment"),
    ]


async def _of_the_staff(door: FrontDoor, ann: Client) -> list[Stop]:
    async with door.db.transaction() as tx:
        await tx.execute("insert into parked_keys values ('progress.events', 'k1', $1)", NOW)
        await tx.execute(
            "insert into dead_letters"
            ' (id, topic, partition, "offset", key, headers, value, error, failed_at)'
            " values (gen_random_uuid(), 'progress.events', 0, 1, 'k1', '[]', '', 'bad shape', $1)",
            NOW,
        )
    client, trainer = f"/staff/people/{ann.id}", f"/staff/people/{AMARA}"
    return [
        *(Stop(f"/staff{page}", STAFF) for page in ("", "/areas", "/messages")),
        Stop("/staff", STAFF, status=422, sent="#add"),
        Stop(client, STAFF),
        Stop(client, STAFF, status=422, sent="#credits"),
        Stop(trainer, STAFF),
        Stop(trainer, STAFF, status=422, sent="#profile", typed=(("tz", ""),)),
    ]


async def _shared(ann: Client) -> None:
    """A doctor may see everything and decide."""
    await ann.post(
        "/me/sharing", email=DOCTOR, role="physician", share=["progress", "plan", "assessment"]
    )
    who = UUID(ann.id)
    await ann.door.hear(
        ClearanceRequested(
            client_id=who,
            clearance_id=UUID(CLEARANCE),
            rules=("G2",),
            reasons=("heart_condition",),
            at=NOW,
        ),
        PlanDrafted(client_id=who, plan_id=UUID(PLAN), items=(), rules_version="1", at=NOW),
    )


async def _reports(ann: Client) -> dict[str, str]:
    """A report's id by what became of it."""
    told = {
        name: (await ann.post("/me/check-in", kind="daily", pain=pain)).url.rpartition("/")[2]
        for name, pain in (("done", 7), ("emergency", 4), ("rejected", 3), ("pending", 2))
    }
    await ann.answered(told["done"], "modify", WORSE)
    await ann.answered(told["emergency"], "emergency")
    no = {"status": "rejected", "level": "go", "rule": "G2", "reason": "There is no screening yet."}
    answer = {"client_id": ann.id, "submission_id": told["rejected"]} | no
    await ann.door.hear(SubmissionAnswered.model_validate(answer))
    mine = a_check_in(1, day=0, pain=7) | {"id": told["done"], "at": rfc3339(NOW)}
    older = [a_check_in(n, day=80 - n, pain=3 + n % 4) for n in range(2, 14)]
    await ann.known(version=150, check_ins=[mine, *older])
    return told


async def _of_the_day(door: FrontDoor, cleo: Client) -> None:
    """Time off that is coming, and a session that waits for its outcome."""
    token = await door.sign_in(TRAINER)
    off = {
        "start": rfc3339(TEN + timedelta(days=9)),
        "end": rfc3339(TEN + timedelta(days=9, hours=2)),
    }
    await door.made(f"/v1/trainers/{AMARA}/time-off", off, token=token, key="off")
