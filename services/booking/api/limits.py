"""How often somebody may ask, over HTTP: counted before the work, so that refused work counts."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from fastapi import Request

from services.booking.api.access import caller_of
from services.booking.domain import limits
from services.booking.domain.limits import IPNetwork, Limit
from services.booking.store import limits as counters
from shared.clock import Clock
from shared.errors import TooMany
from shared.postgres import Database

KeyOf: TypeAlias = Callable[[Request, str], str]
"""What a request is counted under; the text is where it comes from."""


def _by_origin(_: Request, origin: str) -> str:
    return origin


def _by_person(request: Request, origin: str) -> str:
    caller = caller_of(request)
    return origin if caller.person_id is None else caller.name


def _by_client(request: Request, origin: str) -> str:
    # Who may not report for a client spends nothing of what others may.
    return f"{_by_person(request, origin)} for {request.path_params['client_id']}"


_CLIENT = "POST /v1/clients/{client_id}"

ROUTES: dict[str, tuple[Limit, KeyOf]] = {
    "POST /v1/holds": (limits.HOLDS_PER_ORIGIN, _by_origin),
    "POST /v1/bookings": (limits.BOOKINGS_PER_ORIGIN, _by_origin),
    "POST /v1/waitlist": (limits.WAITLIST_PER_ORIGIN, _by_origin),
    "POST /v1/series": (limits.SERIES_PER_PERSON, _by_person),
    f"{_CLIENT}/care-team": (limits.MEMBERS_PER_CLIENT, _by_client),
    "POST /v1/me/devices": (limits.DEVICES_PER_PERSON, _by_person),
    "GET /v1/clients/{client_id}/letter.pdf": (limits.EXPORTS_PER_CLIENT, _by_client),
    "GET /v1/clients/{client_id}/fhir": (limits.EXPORTS_PER_CLIENT, _by_client),
    "GET /v1/me/export": (limits.EXPORTS_PER_CLIENT, _by_person),
    "POST /v1/plans/{plan_id}/activate": (limits.DECISIONS_PER_PERSON, _by_person),
    "POST /v1/plans/{plan_id}/comments": (limits.DECISIONS_PER_PERSON, _by_person),
    "POST /v1/clearances/{clearance_id}/decision": (limits.DECISIONS_PER_PERSON, _by_person),
    **{
        f"{_CLIENT}/{report}": (limits.REPORTS_PER_CLIENT, _by_client)
        for report in (
            "check-ins",
            "screening",
            "questionnaires",
            "goals",
            "assessments",
            "plans",
            "weights",
            "swaps",
            "safety-holds/{hold_id}/lift",
            "safety-acknowledgement",
        )
    },
}
"""Routes that are limited by themselves; sign-in counts addresses as well and asks for it."""


class Limits:
    """Counts requests in the database, for all replicas together.

    With `spare_loopback` nothing that comes from this machine is counted.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        trusted_proxies: Sequence[IPNetwork] = (),
        spare_loopback: bool = False,
    ) -> None:
        self._db = db
        self._clock = clock
        self._trusted = tuple(trusted_proxies)
        self._spare_loopback = spare_loopback

    async def check_route(self, request: Request) -> None:
        """Count a request under the limit of its route, where it has one.

        Raises:
            TooMany: too many came before.
        """
        found = ROUTES.get(f"{request.method} {request.scope['route'].path}")
        if found is not None:
            limit, key_of = found
            await self.check(request, (limit, key_of(request, self.origin(request))))

    async def check(self, request: Request, *counted: tuple[Limit, str]) -> None:
        """Count a request under each limit and key.

        Raises:
            TooMany: too many came before; those that count less are not counted any more.
        """
        if self._is_spared(request):
            return
        now = self._clock()
        async with self._db.reading() as connection:
            for limit, key in counted:
                wait_s = await counters.count(connection, limit, key, now=now)
                if wait_s is not None:
                    raise TooMany(
                        f"That was asked for too often. Please try again in {_words(wait_s)}.",
                        retry_after=wait_s,
                    )

    async def forgive(self, request: Request, limit: Limit, key: str) -> None:
        """Take back one count."""
        if not self._is_spared(request):
            async with self._db.reading() as connection:
                await counters.forgive(connection, limit, key)

    def origin(self, request: Request) -> str:
        """Where a request comes from, as limits count it."""
        return limits.origin(self._asker(request))

    def _asker(self, request: Request) -> str | None:
        peer = request.client.host if request.client else None
        forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
        return limits.asker(peer, forwarded, self._trusted)

    def _is_spared(self, request: Request) -> bool:
        return self._spare_loopback and limits.is_loopback(self._asker(request))


def _words(wait_s: int) -> str:
    if wait_s < 120:
        return f"{wait_s} seconds"
    return f"{-(-wait_s // 60)} minutes"
