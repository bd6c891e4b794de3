"""Real readiness: a query answered, an API request answered, a health page that says 200."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.embedded.errors import StackError

# How often to ask again, and how long one question may take.
POLL_SECONDS = 0.05
QUESTION_SECONDS = 5.0

Probe = Callable[[], Awaitable[bool]]


async def wait_until(probe: Probe, *, seconds: float, what: str) -> None:
    """Wait until the probe says yes; raises StackError after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while not await probe():  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise StackError(f"{what} is not ready after {seconds:g} s") from None


async def listens(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def postgres_answers(url: str) -> bool:
    """Whether PostgreSQL answers a query."""
    try:
        connection = await asyncpg.connect(url, timeout=QUESTION_SECONDS)
    except (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):
        return False
    try:
        return bool(await connection.fetchval("select true"))
    finally:
        await connection.close()


async def kafka_answers(port: int) -> bool:
    """Whether Kafka answers a metadata request and names a broker that may lead."""
    if not await listens(port):
        return False
    admin = AIOKafkaAdminClient(bootstrap_servers=f"127.0.0.1:{port}")
    try:
        async with asyncio.timeout(QUESTION_SECONDS):
            await admin.start()
            cluster = await admin.describe_cluster()
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await admin.close()
    return bool(cluster["brokers"])


async def says_ok(port: int, path: str) -> bool:
    """Whether GET on the port answers 200."""
    try:
        async with asyncio.timeout(QUESTION_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                request = (
                    f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
                )
                writer.write(request.encode())
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split()[1:2] == [b"200"]
