"""Requests to the houses of others: bounded in time and size, never redirected, never inwards."""

import asyncio
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from services.notify.channels import UnreachableError

CONNECT_TIMEOUT_S = 5.0
"""Also for the name: who cannot be connected to by then is tried again later."""

ANSWER_MAX_BYTES = 16 * 1024
"""Of an answer; ours to read are a reference and a code. The rest is left with its connection."""

LOOKUPS = 64
"""Names looked up at once. The event loop has four threads for it, and a few names whose servers
are silent would keep everybody waiting, the database's own name included."""

RETRY_AFTER_MAX = timedelta(hours=1)
"""Nobody else's clock or whim keeps a message of ours for longer."""

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


_closing: set[asyncio.Task[None]] = set()
"""The event loop keeps no task alive by itself."""


class LostError(Exception):
    """The request was handed over and no answer came; the text is a kind of fault."""


@dataclass(frozen=True)
class Answer:
    """What a server said; `body` is at most `ANSWER_MAX_BYTES` of it."""

    status: int
    body: bytes = b""
    location: str | None = None
    retry_after: timedelta | None = None


class Outgoing:
    """Sends requests. With `inwards` addresses of private networks and this machine are allowed.

    Addresses are judged where a connection is opened: a name that points elsewhere a moment later
    changes nothing.
    """

    def __init__(self, *, inwards: bool = False, reuse: bool = False) -> None:
        """With `reuse` a connection serves several requests, so one may be lost as it closes."""
        self._inwards = inwards
        self._reuse = reuse
        self._session: aiohttp.ClientSession | None = None
        self._lookups: ThreadPoolExecutor | None = None

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        timeout_s: float,
        auth: aiohttp.BasicAuth | None = None,
    ) -> Answer:
        """POST a body; any status is an answer.

        Raises:
            UnreachableError: nothing was handed over.
            LostError: it may have arrived.
        """
        session = self._session or self._open()
        timeout = aiohttp.ClientTimeout(total=timeout_s, connect=CONNECT_TIMEOUT_S)
        told = dict(headers)
        if auth is not None:
            told["Authorization"] = auth.encode()
        try:
            async with session.post(
                # The address as it is: a path that is written in another way is another path.
                URL(url, encoded=True),
                data=body,
                headers=told,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                return Answer(
                    response.status,
                    await _read(response),
                    response.headers.get("Location"),
                    retry_after(response.headers.get("Retry-After")),
                )
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.InvalidURL,
        ) as fault:
            raise UnreachableError(_kind(fault)) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as fault:
            raise LostError(_kind(fault)) from None

    def let_go(self) -> None:
        """Let all connections go, for who cannot wait until that is done."""
        if self._session is not None:
            task = asyncio.get_running_loop().create_task(self.close())
            _closing.add(task)
            task.add_done_callback(_closing.discard)

    async def close(self) -> None:
        """Let all connections go."""
        session, self._session = self._session, None
        lookups, self._lookups = self._lookups, None
        if session is not None:
            await session.close()
        if lookups is not None:
            lookups.shutdown(wait=False, cancel_futures=True)

    def _open(self) -> aiohttp.ClientSession:
        self._lookups = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup")
        connector = aiohttp.TCPConnector(
            limit=0,
            force_close=not self._reuse,
            resolver=_Names(self._lookups),
            socket_factory=self._socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "Limber"},
        )
        return self._session

    def _socket(self, found: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = found
        if not self._inwards and not is_public(str(address[0])):
            raise _InwardsError
        return socket.socket(family, kind, protocol)


class _InwardsError(OSError):
    """The address belongs to a private network or to this machine."""

    def __str__(self) -> str:
        return "private address"


class _Names(AbstractResolver):
    """Looks names up in threads of its own."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name."""

        def look_up() -> list[Any]:
            return socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)

        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for family, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Nothing of its own to let go."""


def is_address(host: str) -> bool:
    """Whether a host is an address and not a name."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def is_public(host: str) -> bool:
    """Whether an address belongs to the open internet; a name does not."""
    try:
        address: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if any(address in network for network in _NAT64):
            return False
        # An IPv4 address in other clothes leads where that one leads.
        if address.sixtofour is not None or address.teredo is not None:
            return False
        address = address.ipv4_mapped or address
    return address.is_global and not address.is_multicast


def retry_after(text: str | None) -> timedelta | None:
    """How long a server asks to wait: seconds or a date; None when it says nothing readable."""
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return min(timedelta(seconds=int(text)), RETRY_AFTER_MAX)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    # The server's date is read by the real clock, as it was written.
    wait = until.astimezone(UTC) - datetime.now(UTC)
    return min(max(wait, timedelta(0)), RETRY_AFTER_MAX)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """As much of the answer as is ours to read; a longer one costs its connection."""
    body = b""
    async for part in response.content.iter_chunked(4096):
        body += part
        if len(body) > ANSWER_MAX_BYTES:
            response.close()
            return body[:ANSWER_MAX_BYTES]
    return body


def _kind(fault: BaseException) -> str:
    """What went wrong, in a few words of our own: a fault's text may quote an address."""
    inner = fault.os_error if isinstance(fault, aiohttp.ClientConnectorError) else fault
    match inner:
        case _InwardsError():
            return "private address"
        case aiohttp.ClientConnectorDNSError() | socket.gaierror():
            return "name not found"
        case TimeoutError():
            return "timeout"
        case ConnectionRefusedError():
            return "connection refused"
        case aiohttp.ClientSSLError():
            return "bad certificate"
        case _:
            return "connection lost"
