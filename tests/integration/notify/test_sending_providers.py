"""Several mail servers: failover, circuit breakers, rates, TLS, and servers that misbehave."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.notify.channels import mail
from services.notify.store.rates import Rates
from shared.postgres import Database
from tests.integration.notify.post_office import Notify, PostOffice
from tests.integration.notify.test_sending import LATER, a_due_code, a_due_reminder, state_of
from tests.unit.notify.builders import NOW, START, a_contact, a_sign_in


async def codes_due(notify: Notify, count: int) -> None:
    """So many essential messages to as many people."""
    await notify.hear(
        *(a_contact(UUID(int=100 + n), sign_in=a_sign_in(START)) for n in range(count))
    )


async def test_the_secondary_takes_over_at_once_while_the_primary_is_down(
    notify_db: Database, office: PostOffice
) -> None:
    async with PostOffice() as dead:
        pass
    notify = Notify(notify_db, [dead, office])
    await a_due_code(notify)
    await notify.send()

    assert (1, "sent") == (len(office.mails), await state_of(notify, "sign-in-code"))
    assert [
        (dead.server.name, "unreachable"),
        (office.server.name, "accepted"),
    ] == await notify.tries()


@pytest.mark.parametrize("greeting", ["421 too busy", "554 not you"])
async def test_a_server_that_turns_us_away_at_the_door_hands_over_to_the_next(
    notify_db: Database, office: PostOffice, greeting: str
) -> None:
    async with PostOffice(at_greeting=[greeting] * 9) as full:
        notify = Notify(notify_db, [full, office])
        await a_due_reminder(notify)
        await notify.send()

        assert [
            (full.server.name, "unreachable"),
            (office.server.name, "accepted"),
        ] == await notify.tries()
        [first, _] = await notify.rows("select code from attempts order by number")
        assert int(greeting[:3]) == first["code"]


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ({"at_sender": ["421 shutting down"]}, "busy"),
        ({"at_sender": ["452 slow down"]}, "busy"),
        ({"at_recipient": ["421 shutting down"]}, "busy"),
        ({"at_data": ["421 shutting down"]}, "busy"),
        ({"at_recipient": ["drop", "drop"]}, "lost"),
    ],
)
async def test_a_server_that_puts_us_off_hands_over_to_the_next_within_the_same_round(
    notify_db: Database, office: PostOffice, script: dict[str, list[str]], outcome: str
) -> None:
    async with PostOffice(**script) as first:  # type: ignore[arg-type]
        notify = Notify(notify_db, [first, office])
        await a_due_reminder(notify)
        await notify.send()

        assert ([], 1) == (first.mails, len(office.mails))
        assert [
            (first.server.name, outcome),
            (office.server.name, "accepted"),
        ] == await notify.tries()
        [row] = await notify.rows("select * from deliveries where template = 'reminder-24h'")
        assert ("sent", 2, 1) == (row["state"], row["attempts"], row["rounds"])


@pytest.mark.parametrize(
    ("script", "outcome", "state"),
    [
        ({"at_recipient": ["451 later"]}, "deferred", "retrying"),
        ({"at_data": ["552 too large"]}, "refused", "failed"),
        ({"at_recipient": ["550 5.7.1 not from you"]}, "refused", "failed"),
        ({"at_sender": ["553 not you"]}, "refused", "failed"),
        ({"at_recipient": ["550 5.1.1 nobody"]}, "bounced", "bounced"),
        ({"at_data": ["keep and drop"]}, "unknown", "unknown"),
    ],
)
async def test_what_a_server_says_of_the_message_itself_is_not_asked_of_another(
    notify_db: Database,
    office: PostOffice,
    script: dict[str, list[str]],
    outcome: str,
    state: str,
) -> None:
    async with PostOffice(**script) as first:  # type: ignore[arg-type]
        notify = Notify(notify_db, [first, office])
        await a_due_reminder(notify)
        await notify.send()

        assert [(first.server.name, outcome)] == await notify.tries()
        assert state == await state_of(notify, "reminder-24h")
        assert [] == office.mails


async def test_a_slow_server_that_kept_the_mail_leaves_its_fate_unknown(
    notify: Notify, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "SEND_TIMEOUT_S", 0.3)
    office.at_data.append("keep and hang")
    await a_due_reminder(notify)
    await notify.send()

    assert (1, "unknown") == (len(office.mails), await state_of(notify, "reminder-24h"))
    assert ["unknown"] == await notify.outcomes()


async def test_a_server_that_is_silent_before_the_text_is_left_for_the_next(
    notify_db: Database, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "READY_TIMEOUT_S", 0.3)
    silent = await asyncio.start_server(lambda _r, _w: asyncio.sleep(60), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    notify = Notify(notify_db, [PostOffice(port=port), office])
    await a_due_reminder(notify)
    await notify.send()
    silent.close()

    assert ["unreachable", "accepted"] == await notify.outcomes()


async def test_a_dead_primary_is_left_alone_until_a_trial_finds_it_back(
    notify_db: Database, office: PostOffice
) -> None:
    async with PostOffice() as primary:
        pass
    notify = Notify(notify_db, [primary, office])
    await codes_due(notify, 6)
    await notify.send()
    # The first one found out; the others went straight to the secondary.
    assert 1 == (await notify.outcomes()).count("unreachable")
    assert 6 == len(office.mails)

    [stand, _] = notify.lane.providers.stands
    states = [stand.breaker.state]
    async with primary:
        stand.breaker._open_until = 0.0
        states.append(stand.breaker.state)
        await a_due_reminder(notify)
        await notify.send()
        states.append(stand.breaker.state)

        assert ["open", "half-open", "closed"] == states
        assert "reminder-24h" in primary.templates


async def test_a_rate_is_shared_by_all_replicas(notify_db: Database) -> None:
    one, other = Rates(notify_db), Rates(notify_db)
    share = timedelta(seconds=30)

    assert timedelta(0) == await one.take_share("post:25", share)
    wait = await other.take_share("post:25", share)
    assert timedelta(seconds=20) < wait <= share
    assert timedelta(0) == await other.take_share("another:25", share)


async def test_a_provider_at_its_limit_yields_to_the_next(
    notify_db: Database, office: PostOffice
) -> None:
    async with PostOffice(per_second=0.02) as limited:
        notify = Notify(notify_db, [limited, office])
        await codes_due(notify, 3)
        await notify.send()

        assert (1, 2) == (len(limited.mails), len(office.mails))
        assert ["accepted"] * 3 == await notify.outcomes()


async def test_where_all_are_at_their_limit_a_message_waits_without_an_attempt(
    notify_db: Database,
) -> None:
    async with PostOffice(per_second=0.02) as limited:
        notify = Notify(notify_db, [limited])
        await codes_due(notify, 3)
        await notify.send()

        assert (1, ["accepted"]) == (len(limited.mails), await notify.outcomes())
        rows = await notify.rows("select * from deliveries where state <> 'sent'")
        assert [("scheduled", 0, 0)] * 2 == [
            (row["state"], row["attempts"], row["rounds"]) for row in rows
        ]
        assert min(row["next_at"] for row in rows) > NOW + timedelta(seconds=20)


async def test_a_dead_channel_holds_up_no_other(notify: Notify, office: PostOffice) -> None:
    await a_due_code(notify)
    async with notify.db.transaction() as tx:
        await tx.execute(
            "insert into deliveries (id, template, subject_id, subject_version, channel,"
            " recipient_id, class, nature, detail, nominal_at, due_at, next_at, expires_at,"
            " created_at, updated_at) select gen_random_uuid(), template, subject_id,"
            " subject_version, 'sms', recipient_id, class, nature, detail, nominal_at, due_at,"
            " next_at, expires_at, created_at, updated_at from deliveries"
        )
    await notify.send()

    rows = await notify.rows("select channel, state, reason from deliveries order by channel")
    assert [("email", "sent"), ("sms", "cancelled")] == [(r["channel"], r["state"]) for r in rows]


@pytest.mark.parametrize("pipelining", [False, True])
async def test_a_conversation_in_one_go_ends_as_one_step_by_step(
    notify_db: Database, pipelining: bool
) -> None:
    async with PostOffice(
        pipelining=pipelining,
        at_recipient=["250 ok", "550 5.1.1 nobody", "451 later"],
        at_data=["250 2.0.0 Ok: queued as 4F2A", "554 5.6.0 not this"],
    ) as office:
        notify = Notify(notify_db, [office])
        await codes_due(notify, 5)
        await notify.sender.send_due()

        rows = await notify.rows("select * from attempts order by started_at, delivery_id")
        assert [
            ("accepted", 250, "2.0.0", "4F2A"),
            ("bounced", 550, "5.1.1", None),
            ("deferred", 451, None, None),
            ("refused", 554, "5.6.0", None),
            ("accepted", 250, None, None),
        ] == [(r["outcome"], r["code"], r["status"], r["reference"]) for r in rows]
        assert 1 == office.connections


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the key and the certificate of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "post.example")])
    today = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "post.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


def offering_tls(certificate: Path) -> PostOffice:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return PostOffice(tls=context, starttls=True, pipelining=True)


async def test_a_mail_goes_out_over_starttls(
    notify_db: Database, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with offering_tls(certificate) as office:
        notify = Notify(notify_db, [office])
        await codes_due(notify, 2)
        await notify.sender.send_due()

        # The server counts a link once more when TLS begins on it.
        assert (2, 2) == (len(office.mails), office.connections)


async def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(
    notify_db: Database, certificate: Path
) -> None:
    async with offering_tls(certificate) as office:
        notify = Notify(notify_db, [office])
        await a_due_code(notify)
        await notify.send()

        assert ([], ["unreachable"]) == (office.mails, await notify.outcomes())
        assert "retrying" == await state_of(notify, "sign-in-code")


async def test_where_starttls_is_a_must_a_server_without_it_gets_nothing(
    notify_db: Database,
) -> None:
    # As when somebody on the way strips the offer.
    async with PostOffice(starttls=True) as stripped, PostOffice() as honest:
        notify = Notify(notify_db, [stripped, honest])
        await a_due_code(notify)
        await notify.send()

        assert ([], 1) == (stripped.mails, len(honest.mails))
        assert ["unreachable", "accepted"] == await notify.outcomes()


async def test_a_round_without_anybody_to_ask_is_tried_again_soon(notify_db: Database) -> None:
    async with PostOffice() as one, PostOffice() as two:
        pass
    notify = Notify(notify_db, [one, two])
    await a_due_code(notify)
    await notify.send()
    assert ["unreachable", "unreachable"] == await notify.outcomes()
    [row] = await notify.rows("select * from deliveries")
    assert ("retrying", 2, 1) == (row["state"], row["attempts"], row["rounds"])

    async with one:
        notify.sender = notify.another_sender([one, two])
        notify.now += LATER
        await notify.send()

        assert "sent" == await state_of(notify, "sign-in-code")
