"""What the statistics make of a client's history; computed away from everything else."""

from dataclasses import replace
from datetime import datetime

from services.progress.domain import flare
from services.progress.domain.entries import Reflected
from services.progress.domain.flaring import flare_reports, known_flares
from services.progress.domain.measuring import trends
from services.progress.domain.model import Client
from services.progress.domain.outcome import next_entry
from services.progress.domain.proposing import propose
from services.progress.domain.responses import effects, sessions
from services.progress.domain.rules import Rules
from shared.zones import zone


def reflect(client: Client, at: datetime, rules: Rules, *, took_place: int) -> Reflected:
    """The entry that the client's log gets next.

    `client.reports` hold all of the history that counts, newest first; `took_place` is how many
    sessions there were in the trends' window.
    """
    now = replace(next_entry(client, at), version=client.version)
    told = sessions(now.reports)
    alarm = _alarm(now)
    return Reflected(
        client_id=client.id,
        at=at,
        up_to=client.version,
        trends=trends(now, at, sessions=took_place),
        effects=effects(told),
        flare_alarm=alarm,
        # A flare changes what is safe: the next look proposes.
        proposal=None if alarm else propose(now, told, at, rules),
    )


def _alarm(client: Client) -> bool:
    running = client.care.flare
    if not client.reports or (running is not None and running.resolved_at is None):
        return False
    newest = client.reports[0]
    seen = flare.look(
        flare_reports(client.reports, until=newest.at),
        known_flares(client, newest.tz),
        at=newest.at.astimezone(zone(newest.tz)),
    )
    return seen.sign == "alarm"
