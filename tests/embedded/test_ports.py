"""Ports, replicas and environments: pure choices."""

import pytest

from deploy.embedded import ports, services
from deploy.embedded.errors import StackError
from deploy.embedded.infrastructure import plain_environment


@pytest.fixture
def base() -> int:
    """A port with free ports after it."""
    taken = ports.choose(["booking-1"], 26_000, {})["booking-1"]
    taken.release()
    return taken.port


def choose(names: list[str], base: int, previous: dict[str, int]) -> dict[str, int]:
    found = ports.choose(names, base, previous)
    for reservation in found.values():
        reservation.release()
    return {name: reservation.port for name, reservation in found.items()}


def test_the_front_door_gets_the_port_asked_for(base: int) -> None:
    assert {"booking-1": base} == choose(["booking-1"], base, {"booking-1": base + 300})


def test_a_taken_port_makes_way_for_a_free_one(base: int) -> None:
    taken = ports.reserve(base)
    assert taken is not None

    chosen = choose(["booking-1"], base, {})
    taken.release()

    assert base != chosen["booking-1"]


def test_other_processes_keep_the_port_of_the_last_run(base: int) -> None:
    assert base + 300 == choose(["notify-1"], base, {"notify-1": base + 300})["notify-1"]


def test_two_choices_at_once_never_meet(base: int) -> None:
    names = ["booking-1", "notify-1", "progress-1", "booking-2", "kafka", "postgres"]
    first = ports.choose(names, base, {})
    second = ports.choose(names, base, {})
    for reservation in (*first.values(), *second.values()):
        reservation.release()

    assert set() == {r.port for r in first.values()} & {r.port for r in second.values()}


def test_names_have_distances_of_their_own() -> None:
    names = [*ports.OFFSETS, *services.names(dict.fromkeys(services.SERVICES, 20))]

    assert len(set(names)) == len({ports.offset(name) for name in set(names)})


def test_services_run_once_unless_told_otherwise() -> None:
    assert services.replicas("notify=2, progress=3") == {"booking": 1, "notify": 2, "progress": 3}
    assert services.names({"booking": 2, "notify": 1}) == ["booking-1", "booking-2", "notify-1"]


@pytest.mark.parametrize("text", ["web=1", "booking=0", "booking=", "booking=x", "booking=21", "2"])
def test_replicas_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(StackError, match="--replicas"):
        services.replicas(text)


def test_a_child_gets_no_secret_of_another() -> None:
    caller = {
        "PATH": "/bin",
        "BOOKING_SECRET": "x",
        "NOTIFY_SMTP_URLS": "y",
        "PROGRESS_EXTRA": "z",
        "LIMBER_DATABASE_URL": "w",
    }

    assert plain_environment(caller) == {"PATH": "/bin"}
