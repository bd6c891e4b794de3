"""The browser's session: a cookie with the same token the API takes, and forms from here alone."""

from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response

from services.booking.api.access import SESSION_COOKIE
from services.booking.handlers.sign_in import SESSION_LIVES
from shared.errors import Forbidden

OURS = frozenset({"same-origin", "none"})
"""What `Sec-Fetch-Site` says of a page of ours, and of an address typed by hand."""


def session_token(request: Request) -> str | None:
    """The bearer token in the session cookie."""
    return request.cookies.get(SESSION_COOKIE) or None


def begin_session(response: Response, token: str, *, secure: bool) -> None:
    """Let the browser hold the session."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(SESSION_LIVES.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=secure,
    )


def end_session(response: Response, *, secure: bool) -> None:
    """Let the browser forget the session."""
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax", secure=secure)


def check_origin(request: Request, public_url: str) -> None:
    """Let no other site send forms in somebody's name.

    Browsers say where a form comes from; who says nothing is no browser, and then no cookie may
    speak for anybody.

    Raises:
        Forbidden: the form is not from a page of ours.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        fine = site in OURS
    elif origin is not None:
        own = {urlsplit(public_url).netloc, request.headers.get("host")}
        fine = urlsplit(origin).netloc in own
    else:
        fine = not request.cookies.get(SESSION_COOKIE)
    if not fine:
        raise Forbidden(
            "other-site", "This form was sent from another site. Open the page here and try again."
        )
