"""Schemathesis at the front door: requests made from /openapi.json, answers held against it."""

import asyncio
import copy
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.booking.api import examples
from shared.openapi import Document, operations
from tests.integration.booking.front_door import PUBLIC_URL, FrontDoor

AnyOperation: TypeAlias = APIOperation[Any, Any, Any, Any]
AnyCase: TypeAlias = schemathesis.Case[AnyOperation]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

LEFT_OUT = frozenset({"GET /v1/clients/{client_id}/stream", "GET /livez", "GET /readyz"})
"""A stream has no end to wait for, and nothing runs here whose health could be asked."""

ORDER = ["GET", "POST", "PUT", "PATCH", "DELETE"]
"""What is there is read before it is changed, and changed before it is gone."""


@dataclass(frozen=True)
class Seeded:
    """What is there to be found: values by the name of the parameter, and tokens by bearer."""

    ids: dict[str, list[str]]
    tokens: dict[str, str | None]


@dataclass
class Found:
    """How many requests were sent, the statuses each operation gave, the first of each fault."""

    requests: int = 0
    statuses: dict[str, set[int]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fuzz:
    """Asks every operation rightly and wrongly, `requests_each` times each way.

    Requests run on `loop`, so `run` belongs in a thread; `number` seeds the generator.
    """

    door: FrontDoor
    seeded: Seeded
    loop: asyncio.AbstractEventLoop
    requests_each: int
    number: int
    found: Found = field(default_factory=Found)

    def run(self) -> Found:
        """Blocks until all is asked."""
        for operation in _operations(self.door.app.openapi()):
            for turn, bearer in enumerate(sorted(self.seeded.tokens)):
                self._judge(_example(operation, self.seeded, turn), bearer)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                with suppress(Unsatisfiable):  # what takes nothing cannot be asked wrongly
                    self._attack(operation, mode)
        return self.found

    def _attack(self, operation: AnyOperation, mode: GenerationMode) -> None:
        @seed(self.number)
        @settings(
            max_examples=self.requests_each,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
        def attempt(case: AnyCase, data: st.DataObject) -> None:
            if mode is GenerationMode.POSITIVE:
                _make_plausible(case, data, self.seeded)
            self._judge(case, data.draw(st.sampled_from(sorted(self.seeded.tokens))))

        attempt()

    def _judge(self, case: AnyCase, bearer: str) -> None:
        sending = _send(self.door, case, self.seeded.tokens[bearer])
        answer = asyncio.run_coroutine_threadsafe(sending, self.loop).result()
        label = case.operation.label
        self.found.requests += 1
        self.found.statuses.setdefault(label, set()).add(answer.status_code)
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as failure:
            for one in failure.exceptions:
                name = f"{label}: {getattr(one, 'title', one)}"
                self.found.faults.setdefault(name, f"by {bearer}: {failure}")


def _operations(document: Document) -> Iterator[AnyOperation]:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=PUBLIC_URL)
    every = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    assert len(every) == sum(1 for _ in operations(document))
    yield from sorted(
        (one for one in every if one.label not in LEFT_OUT),
        key=lambda one: (ORDER.index(one.method.upper()), one.path),
    )


def _example(operation: AnyOperation, seeded: Seeded, turn: int) -> AnyCase:
    """The example of an operation, about something that is there; another one each turn."""
    known = {name: values[turn % len(values)] for name, values in seeded.ids.items()}
    values = examples.PARAMETERS | known
    case = operation.Case(
        path_parameters={one.name: values[one.name] for one in operation.path_parameters},
        query={one.name: values[one.name] for one in operation.query if one.name in values},
    )
    _fill_in(case)
    return case


def _make_plausible(case: AnyCase, data: st.DataObject, seeded: Seeded) -> None:
    """Often ask for what is there, and send the example: random values seldom get that far."""
    for name in case.path_parameters or {}:
        if name in seeded.ids and data.draw(st.integers(0, 3)):
            case.path_parameters[name] = data.draw(st.sampled_from(seeded.ids[name]))
    if data.draw(st.booleans()):
        _fill_in(case)


def _fill_in(case: AnyCase) -> None:
    body = case.operation.definition.raw.get("requestBody", {})
    content = body.get("content", {}).get("application/json", {})
    if "example" in content:
        case.body = copy.deepcopy(content["example"])
        case.media_type = "application/json"


async def _send(door: FrontDoor, case: AnyCase, token: str | None) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    arguments: dict[str, Any] = case.as_transport_kwargs(base_url=PUBLIC_URL, headers=headers)
    made = requests.Request(**arguments).prepare()
    # No body here is a file or a stream.
    body = made.body.encode() if isinstance(made.body, str) else made.body
    assert body is None or isinstance(body, bytes)
    told = [
        (name.encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in made.headers.items()
    ]
    return await door.http.request(str(made.method), str(made.url), content=body, headers=told)
