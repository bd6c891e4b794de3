"""Simulated clients over months: nothing rises after red, nothing unsafe is given or unfrozen."""

from collections import Counter

import pytest

from services.progress.domain import view
from services.progress.domain.model import Client
from services.progress.domain.rules import Rules
from shared.contracts.progress import ViewUpdated
from tests.proofs.lives import Life
from tests.proofs.scale import cases

pytestmark = [pytest.mark.proof, pytest.mark.timeout(7200)]

LIVES = 100_000


def untold(client: Client, _: Rules) -> ViewUpdated:
    """A view without its document, which no decision reads: writing it takes most of the time."""
    return ViewUpdated.model_construct(
        client_id=client.id, version=client.version, level=client.level, document={}
    )


@pytest.fixture(autouse=True)
def _without_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "updated", untold)


def test_no_life_ends_with_a_promise_broken() -> None:
    seen: Counter[str] = Counter()
    for number in range(cases(LIVES)):
        ledger = Life(number).live()
        assert [] == ledger.broken, f"life {number}"
        seen += ledger.seen
    print(seen)
