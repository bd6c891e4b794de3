"""The OpenAPI document says what is true: callers, headers, refusals, examples."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis

from services.booking.api import examples, reference
from shared.openapi import Document, operations
from tests.integration.booking.front_door import AMARA, TEN, FrontDoor

NOBODYS = "00000000-0000-7000-8000-000000000000"
THERE = {"trainer": str(AMARA)}
"""What is sent instead of an example, because nobody has the example's id."""


@pytest.fixture
def document(door: FrontDoor) -> Document:
    """What /openapi.json says."""
    return door.app.openapi()


def named(document: Document) -> dict[str, dict[str, Any]]:
    """The operations of /v1 by method and path."""
    return {
        f"{method} {path}": operation
        for method, path, operation in operations(document)
        if path.startswith("/v1/")
    }


def takes(operation: dict[str, Any], header: str) -> bool:
    """Whether an operation has a header."""
    return header in {one["name"] for one in operation["parameters"] if one["in"] == "header"}


async def asked(
    door: FrontDoor, name: str, operation: dict[str, Any], **how: Any
) -> httpx.Response:
    """The answer to an operation's example, about things that nobody has."""
    method, path = name.split()
    query = {}
    for one in operation["parameters"]:
        if one["in"] == "path":
            value = one.get("example", NOBODYS)
            path = path.replace(f"{{{one['name']}}}", value)
        elif one["in"] == "query" and one.get("required"):
            query[one["name"]] = THERE.get(one["name"], one["example"])
    return await door.ask(method, path, sent(operation), params=query, **how)


def sent(operation: dict[str, Any]) -> Any:
    """The example of an operation's body; None where it takes none."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return content.get("example")


def references(part: Any) -> Iterator[str]:
    """All `$ref`s in a part of the document."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


async def test_the_document_is_valid_and_served(door: FrontDoor, document: Document) -> None:
    schemathesis.openapi.from_dict(document).validate()

    served = await door.ask("GET", "/openapi.json")
    assert json.loads(json.dumps(document)) == served.json()


def test_every_reference_leads_somewhere_and_no_form_of_fastapi_is_left(
    document: Document,
) -> None:
    for reference_ in set(references(document)):
        part: Any = document
        for step in reference_.removeprefix("#/").split("/"):
            part = part[step]
    assert "ValidationError" not in json.dumps(document)


def test_every_refusal_is_a_problem(document: Document) -> None:
    for name, operation in named(document).items():
        refusals = {s: r for s, r in operation["responses"].items() if s >= "400"}
        assert {"401", "503"} <= refusals.keys(), name
        for status, answer in refusals.items():
            response = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
            assert {"application/problem+json"} == response["content"].keys(), (name, status)


def test_every_answer_with_a_body_has_a_shape(document: Document) -> None:
    for name, operation in named(document).items():
        for status, answer in operation["responses"].items():
            if status < "300" and status != "204":
                assert answer["content"], (name, status)
                assert all(one["schema"] for one in answer["content"].values()), (name, status)


def test_every_operation_and_body_is_explained(document: Document) -> None:
    for name, operation in named(document).items():
        assert operation.get("description") or operation["summary"], name
        if "requestBody" in operation:
            assert sent(operation) is not None, f"{name} has no example in api/examples.py"


def test_what_the_tables_name_is_there(document: Document) -> None:
    there = named(document).keys()
    tables = (
        reference.VISITORS_TOO,
        reference.OWN_LINK,
        reference.VERSIONED,
        reference.NEVER_KEPT,
        reference.ALSO.keys(),
        reference.ANSWERS.keys(),
    )
    assert not [name for table in tables for name in table if name not in there]
    schemas = document["components"]["schemas"].keys()
    assert examples.BODIES.keys() <= schemas
    parameters = {one["name"] for o in named(document).values() for one in o["parameters"]}
    assert examples.PARAMETERS.keys() <= parameters


async def test_examples_are_read_and_a_token_is_needed_exactly_where_the_document_says(
    door: FrontDoor, document: Document
) -> None:
    for name, operation in named(document).items():
        if name == "POST /v1/sign-in/verify":  # 401 is what a wrong code gets
            continue
        answer = await asked(door, name, operation)
        needed = {} not in operation["security"] or name in reference.OWN_LINK
        assert needed == (answer.status_code == 401), (name, answer.text)
        assert answer.status_code != 422, (name, answer.text)


@pytest.mark.parametrize(
    ("header", "bad"), [("If-Match", "not a version"), ("Idempotency-Key", "x" * 256)]
)
async def test_a_header_is_read_exactly_where_the_document_says(
    door: FrontDoor, document: Document, header: str, bad: str
) -> None:
    await door.book(TEN)
    tokens = [await door.sign_in(email) for email in ("staff@limber.example", "ann@example.org")]
    how = {"version": bad} if header == "If-Match" else {"key": bad}
    for name, operation in named(document).items():
        if name.endswith("/stream"):
            continue
        statuses = set()
        for token in tokens:
            answer = await asked(door, name, operation, token=token, **how)
            statuses.add(answer.status_code)
        assert takes(operation, header) == (400 in statuses), (name, statuses)


async def test_bodies_that_are_not_announced_as_json_are_named(door: FrontDoor) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = await door.http.post("/v1/holds", content=b"{}", headers=headers)

    assert (415, "/problems/not-json") == (answer.status_code, answer.json()["type"])
