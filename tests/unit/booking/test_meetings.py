"""Rooms of virtual sessions: nobody finds one by guessing."""

from services.booking.domain.meetings import ROOM_BYTES, MeetingRooms, NamedRooms


def test_each_room_has_a_name_of_its_own_that_cannot_be_guessed() -> None:
    rooms: MeetingRooms = NamedRooms("https://meet.example/")

    links = {rooms.new_room() for _ in range(200)}

    assert 200 == len(links)
    assert 16 == ROOM_BYTES
    for link in links:
        base, name = link.split("limber-")
        assert "https://meet.example/" == base
        assert len(name) >= 22
