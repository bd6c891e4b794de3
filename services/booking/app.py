"""Composition root of booking: the only place that wires."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request

from services.booking import consumers
from services.booking.api import (
    bookings,
    care,
    care_team,
    catalogue,
    clients,
    clinic,
    devices,
    dry_run,
    letter,
    notes,
    people,
    plans,
    preferences,
    privacy,
    reference,
    series,
    sign_in,
    stream,
    trainers,
    unsubscribe,
    vocabulary,
    waitlist,
)
from services.booking.api import credits as paid_ahead
from services.booking.api.access import Access
from services.booking.api.limits import Limits
from services.booking.api.writing import KEY_LIVES, Writer
from services.booking.chaining import Chaining
from services.booking.domain.links import Links, LinkSigner
from services.booking.domain.meetings import NamedRooms
from services.booking.domain.people import Caller
from services.booking.handlers import erasure
from services.booking.metrics import BookingMetrics
from services.booking.pages import book as booking_pages
from services.booking.pages import (
    check_in,
    desk,
    desk_assessment,
    desk_client,
    desk_hours,
    desk_plan,
    me,
    me_data,
    me_devices,
    me_forms,
    me_reports,
    me_settings,
    me_sharing,
)
from services.booking.pages import clinic as clinic_pages
from services.booking.pages import manage as manage_pages
from services.booking.pages import sign_in as sign_in_pages
from services.booking.pages import staff as staff_pages
from services.booking.pages import waiting as waiting_pages
from services.booking.pages.shell import Shell
from services.booking.pages.unsubscribe import UnsubscribePages
from services.booking.settings import BookingSettings
from services.booking.store import idempotency, retention
from services.booking.store import limits as counters
from services.booking.store.client_keys import ClientKeys
from services.booking.streams import Wakeups
from services.booking.sweeper import Sweeper
from shared.clock import Clock
from shared.http import create_app
from shared.postgres import Database, Transaction
from shared.runtime import Runtime


def build(settings: BookingSettings) -> FastAPI:
    """Booking as an ASGI application."""
    signer = LinkSigner(settings.secret.get_secret_value().encode())
    clock = settings.clock
    runtime = Runtime("booking", settings, consumers.handlers(signer, clock))
    db = runtime.db
    wakeups = Wakeups(db)
    sweeper = Sweeper(db, clock, runtime.relay.wake)
    runtime.hears.append(BookingMetrics(runtime.metrics.registry, streams=wakeups.watched).hear)

    async def forget_old(tx: Transaction) -> None:
        await idempotency.forget_old(tx, oldest=clock() - KEY_LIVES)
        await counters.forget_old(tx, now=clock())
        await erasure.sweep_again(tx, now=clock())
        await retention.forget_old(tx, now=clock())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with runtime.running(
            [wakeups.listen, sweeper.run, Chaining(db).run], cleaning=[forget_old]
        ):
            yield

    app = create_app(
        "booking",
        metrics=runtime.metrics,
        health=runtime.health,
        tracing=runtime.tracing,
        lifespan=lifespan,
        description="The front door of Limber: people, times, bookings, reports and progress.",
    )

    add_routes(
        app,
        db=db,
        clock=clock,
        writer=Writer(db, runtime.relay, clock, ClientKeys(settings.master_key)),
        links=Links(signer, NamedRooms(settings.meeting_url)),
        public_url=settings.public_url.rstrip("/"),
        wakeups=wakeups,
        limits=Limits(
            db,
            clock,
            trusted_proxies=settings.trusted_proxies,
            spare_loopback=settings.test_clock,
        ),
        push_key=settings.push_public_key,
    )
    return app


def add_routes(
    app: FastAPI,
    *,
    db: Database,
    clock: Clock,
    writer: Writer,
    links: Links,
    public_url: str,
    wakeups: Wakeups,
    limits: Limits,
    push_key: str | None = None,
) -> None:
    """Everything booking answers beside health; each request's caller is found first."""
    signer = links.signer
    access = Access(db, signer, clock)

    async def identify(request: Request) -> None:
        request.state.caller = await access(request)
        await limits.check_route(request)

    async def nobody(request: Request) -> None:
        request.state.caller = Caller()

    known = [Depends(identify)]
    app.include_router(catalogue.routes(db, clock), dependencies=known)
    app.include_router(vocabulary.routes(), dependencies=known)
    app.include_router(bookings.routes(db, clock, writer, links, public_url), dependencies=known)
    app.include_router(series.routes(db, clock, writer, links, public_url), dependencies=known)
    app.include_router(paid_ahead.routes(db, clock, writer), dependencies=known)
    app.include_router(sign_in.routes(clock, writer, signer, limits), dependencies=known)
    app.include_router(clients.routes(db, clock, writer), dependencies=known)
    app.include_router(care.routes(clock, writer), dependencies=known)
    app.include_router(plans.routes(clock, writer), dependencies=known)
    app.include_router(clinic.routes(clock, writer), dependencies=known)
    app.include_router(letter.routes(db, clock), dependencies=known)
    app.include_router(notes.routes(db, clock, writer.keys), dependencies=known)
    app.include_router(stream.routes(db, clock, access, wakeups), dependencies=known)
    app.include_router(care_team.routes(db, clock, writer, signer), dependencies=known)
    app.include_router(people.routes(db, clock, writer, signer), dependencies=known)
    app.include_router(privacy.routes(db, clock, writer), dependencies=known)
    app.include_router(trainers.routes(db, clock, writer), dependencies=known)
    app.include_router(waitlist.routes(db, clock, writer, signer), dependencies=known)
    app.include_router(preferences.routes(db, clock, writer, signer), dependencies=known)
    app.include_router(devices.routes(db, clock, writer, signer, push_key), dependencies=known)
    # Whoever holds the link is let in, whatever else their mail program sends.
    shell = Shell(public_url, clock)
    app.include_router(
        unsubscribe.routes(db, clock, writer, signer, UnsubscribePages(shell)),
        dependencies=[Depends(nobody)],
    )
    dry_run.document(app)
    reference.document(app)
    add_pages(
        app,
        access,
        shell,
        db=db,
        clock=clock,
        writer=writer,
        links=links,
        wakeups=wakeups,
        limits=limits,
        push_key=push_key,
    )


def add_pages(
    app: FastAPI,
    access: Access,
    shell: Shell,
    *,
    db: Database,
    clock: Clock,
    writer: Writer,
    links: Links,
    wakeups: Wakeups,
    limits: Limits,
    push_key: str | None,
) -> None:
    """What people look at; a browser's session is found first."""

    async def identify(request: Request) -> None:
        request.state.caller = await access.by_cookie(request)

    app.include_router(shell.assets.routes())
    for router in (
        booking_pages.routes(shell, db, clock, writer, links, limits),
        manage_pages.routes(shell, db, clock, writer, links),
        waiting_pages.routes(shell, db, clock, writer, links.signer, limits),
        sign_in_pages.routes(shell, clock, writer, links.signer, limits),
        me.routes(shell, db, clock, links.signer, writer.keys),
        check_in.routes(shell, db, clock, writer),
        me_reports.routes(shell, db, clock, writer, wakeups),
        me_forms.routes(shell, db, clock, writer),
        me_sharing.routes(shell, db, clock, writer, links.signer),
        me_settings.routes(shell, db, clock, writer, links.signer, push_key),
        me_data.routes(shell, db, clock, writer),
        me_devices.routes(shell, clock, writer, links.signer, limits, push_key),
        desk.routes(shell, db, clock, writer, links.signer),
        desk_client.routes(shell, db, clock, writer),
        desk_assessment.routes(shell, db, clock, writer),
        desk_plan.routes(shell, db, clock, writer),
        desk_hours.routes(shell, db, clock, writer),
        clinic_pages.routes(shell, db, clock, writer),
        staff_pages.routes(shell, db, clock, writer, links.signer),
    ):
        app.include_router(router, dependencies=[Depends(identify)])
