-- Once per person, fair cancelling, credits, and sessions that repeat.

create table series (
    id uuid primary key,
    client_id uuid not null references people (id),
    trainer_id uuid not null references trainers (id),
    service text not null,
    mode text not null check (mode in ('in-person', 'virtual')),
    -- The wall time that all dates keep.
    tz text not null,
    local_start timestamp not null,
    every_weeks smallint not null check (every_weeks > 0),
    count smallint not null check (count > 0),
    created_by uuid not null references people (id),
    created_at timestamptz not null
);
create index series_client on series (client_id);

-- `once_key` is a hash of what makes two spellings of an address one person, set where a service
-- is once per person.
alter table bookings
    add column series_id uuid references series (id),
    add column series_number smallint,
    add column once_key bytea,
    add column postal text,
    add column cancelled_because text,
    add column cancel_reason text,
    add column late boolean not null default false;
create index bookings_series on bookings (series_id) where series_id is not null;
update bookings set postal = address ->> 'postal';
update bookings b set once_key = sha256(convert_to(p.email_key, 'UTF8'))
    from people p where p.id = b.client_id and b.service = 'first-workout';
drop index one_free_first_workout;
create unique index once_per_person on bookings (service, once_key)
    where once_key is not null and status <> 'cancelled';

-- A client says that pain has flared up: coming sessions are never late cancels or no-shows.
create table flares (
    client_id uuid not null references people (id),
    reported_at timestamptz not null,
    primary key (client_id, reported_at)
);

-- Sessions paid for ahead; a client's balance is the sum. Never changed, only added to.
create table credits (
    id uuid primary key,
    client_id uuid not null references people (id),
    service text not null,
    kind text not null check (kind in ('bought', 'used', 'returned', 'withdrawn')),
    change integer not null check (change <> 0),
    booking_id uuid references bookings (id),
    recorded_by uuid references people (id),
    recorded_at timestamptz not null,
    check ((kind in ('used', 'returned')) = (booking_id is not null))
);
create index credits_client on credits (client_id, service);
create unique index credits_booking on credits (booking_id, kind) where booking_id is not null;
