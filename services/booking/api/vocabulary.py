"""The vocabulary and the catalogue of options: what changes only with a release."""

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response
from pydantic import BaseModel

from shared.options.catalogue import Option, catalogue
from shared.vocabulary.codes import Family, Region
from shared.vocabulary.labels import Vocabulary, vocabulary

CACHE_CONTROL = "public, max-age=3600"
"""After a release nobody shows old words for longer than an hour; until then nobody asks twice."""

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "What `If-None-Match` names is still what would be answered."}
}

ETags = Annotated[
    str | None, Header(description="The ETag of the copy at hand: when it is current, 304.")
]


class OptionsQuery(BaseModel):
    """Which options; what is left out does not matter."""

    family: Family | None = None
    region: Region | None = None


class OptionsAnswer(BaseModel):
    """Options of one version of the catalogue, family by family, easier ones first."""

    version: str
    options: list[Option]


@dataclass(frozen=True)
class _Page:
    """A body that is the same for everybody, and its ETag."""

    body: bytes
    etag: str

    def answer(self, held: str | None) -> Response:
        """The body, or word that the copy which the caller holds is current."""
        headers = {"ETag": self.etag, "Cache-Control": CACHE_CONTROL}
        if held is not None and not _tags(held).isdisjoint({"*", self.etag}):
            return Response(status_code=304, headers=headers)
        return Response(self.body, media_type="application/json", headers=headers)


def routes() -> APIRouter:
    """Both routes; anybody may read them.

    Raises:
        ValueError: a data file does not fit its schema, or the options do not fit together.
    """
    router = APIRouter(prefix="/v1", tags=["catalogue"])
    # A data file that does not fit stops the process here, not the first request.
    _words()
    _options(None, None)

    @router.get(
        "/vocabulary",
        summary="All codes, with English and French labels",
        response_model=Vocabulary,
        responses=NOT_MODIFIED,
    )
    async def words(if_none_match: ETags = None) -> Response:
        return _words().answer(if_none_match)

    @router.get(
        "/options",
        summary="The catalogue of low-impact options",
        response_model=OptionsAnswer,
        responses=NOT_MODIFIED,
    )
    async def options(
        query: Annotated[OptionsQuery, Query()], if_none_match: ETags = None
    ) -> Response:
        return _options(query.family, query.region).answer(if_none_match)

    return router


@cache
def _words() -> _Page:
    return _page(vocabulary())


@cache
def _options(family: Family | None, region: Region | None) -> _Page:
    # At most one page for each pair of codes.
    found = catalogue()
    selected = found.select(family=family, region=region)
    return _page(OptionsAnswer(version=found.version, options=list(selected)))


def _page(answer: BaseModel) -> _Page:
    body = answer.model_dump_json().encode()
    return _Page(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _tags(header: str) -> set[str]:
    """The tags of If-None-Match, which compares weakly (RFC 9110, 13.1.2)."""
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}
