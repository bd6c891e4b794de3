-- Facts that one change made for several bookings, until the last one is there: they are told once.
create table together (
    change_id uuid not null,
    place smallint not null,
    fact jsonb not null,
    primary key (change_id, place)
);
