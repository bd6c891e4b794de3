"""A client takes all of their data along: every table that has something of theirs is in it."""

from services.booking.handlers.export import LEFT_OUT, SECTIONS
from tests.integration.booking.front_door import TEN, FrontDoor, problem

ANN = "ann@example.org"


async def test_each_table_is_exported_or_left_out_with_a_reason(door: FrontDoor) -> None:
    tables = set(await door.tables())
    exported = {table for table, _ in SECTIONS.values()}

    assert tables == exported | LEFT_OUT.keys()
    assert set() == exported & LEFT_OUT.keys()
    # A column that names a person and is in no export needs a word of its own.
    personal = await door.value(
        "select array_agg(distinct table_name::text) from information_schema.columns"
        " where table_schema = 'booking' and column_name in ('client_id', 'person_id')"
    )
    assert {"sign_in_codes", "idempotency_keys", "client_keys", "erased"} == (
        set(personal) - exported
    )


async def test_it_tells_what_was_said_and_who_looked_and_is_the_same_twice(
    door: FrontDoor,
) -> None:
    booked = await door.book(TEN, email=ANN, goal="To dance again")
    token, trainer = await door.sign_in(ANN), await door.sign_in("trainer01@limber.example")
    mine = f"/v1/clients/{booked['client_id']}"
    body = {"kind": "daily", "pain": 4, "note": "The stairs, again."}
    await door.made(f"{mine}/check-ins", body, token=token)
    await door.ask("GET", f"{mine}/progress", token=trainer)

    first = await door.ask("GET", "/v1/me/export", token=token)
    again = await door.ask("GET", "/v1/me/export", token=token)

    assert (200, first.content) == (again.status_code, again.content)
    assert 'attachment; filename="limber-export.json"' == first.headers["content-disposition"]
    told = first.json()
    assert list(SECTIONS) == list(told)
    assert [ANN] == [one["email"] for one in told["profile"]]
    assert ["To dance again"] == [one["goal"] for one in told["bookings"]]
    assert ["The stairs, again."] == [one["report"]["check_in"]["note"] for one in told["reports"]]
    assert ["progress"] == [one["what"] for one in told["looks_of_others"]]
    assert "auth" not in str(told["devices"])


async def test_nobody_gets_anybody_elses(door: FrontDoor) -> None:
    await door.book(TEN, email=ANN)
    trainer = await door.sign_in("trainer01@limber.example")

    problem(await door.ask("GET", "/v1/me/export"), 401, "sign-in-first")
    told = await door.ask("GET", "/v1/me/export", token=trainer)
    assert ANN not in told.text
