"""The SMTP side: any sender, any recipient; 250 only once the mail is on disk."""

import asyncio
from concurrent.futures import Executor

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.embedded.mailbox.reading import read
from deploy.embedded.mailbox.store import Store

# Above what Limber ever sends; a mistake is refused instead of filling the disk.
LARGEST_MAIL_BYTES = 25 << 20


class Delivery:
    """Stores what aiosmtpd hands over."""

    def __init__(self, store: Store, disk: Executor) -> None:
        self._store = store
        self._disk = disk

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep one mail and answer the client."""
        del server, session
        raw = envelope.original_content or b""
        await asyncio.get_running_loop().run_in_executor(self._disk, self._keep, raw, envelope)
        return "250 2.0.0 Ok: kept"

    def _keep(self, raw: bytes, envelope: Envelope) -> None:
        self._store.add(
            raw,
            sender=envelope.mail_from or "",
            recipients=", ".join(str(recipient) for recipient in envelope.rcpt_tos),
            message_id=read(raw).message_id,
        )


async def serve(store: Store, disk: Executor, host: str, port: int) -> asyncio.Server:
    """Listen for mail."""
    delivery = Delivery(store, disk)
    return await asyncio.get_running_loop().create_server(
        lambda: SMTP(
            delivery,
            hostname="localhost",
            enable_SMTPUTF8=True,
            data_size_limit=LARGEST_MAIL_BYTES,
        ),
        host=host,
        port=port,
    )
