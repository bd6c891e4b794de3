-- Reservations are the time of trainers and clients that is taken: by a hold or by a booking.
-- Two constraints make a double booking impossible, whatever the code above them does.

create table reservations (
    id uuid primary key,
    kind text not null check (kind in ('hold', 'booking')),
    trainer_id uuid not null references trainers (id),
    client_id uuid references people (id),
    during tstzrange not null check (not isempty(during)),
    blocked tstzrange not null check (blocked @> during),
    expires_at timestamptz,
    check ((kind = 'hold') = (expires_at is not null)),
    constraint trainer_is_free exclude using gist (trainer_id with =, blocked with &&),
    constraint client_is_free exclude using gist (client_id with =, during with &&)
        where (client_id is not null)
);
create index reservations_expires_at on reservations (expires_at) where kind = 'hold';

create table holds (
    id uuid primary key references reservations (id) on delete cascade,
    service text not null,
    mode text not null,
    area text,
    postal text,
    created_at timestamptz not null
);

create table bookings (
    id uuid primary key,
    client_id uuid not null references people (id),
    trainer_id uuid not null references trainers (id),
    service text not null,
    mode text not null check (mode in ('in-person', 'virtual')),
    area text,
    status text not null
        check (status in ('confirmed', 'frozen', 'cancelled', 'completed', 'missed')),
    version integer not null check (version > 0),
    start_at timestamptz not null,
    end_at timestamptz not null check (end_at > start_at),
    -- Wall time in tz as promised: a change of zone rules must find what it moved.
    tz text not null,
    local_start timestamp not null,
    join_url text,
    address jsonb,
    conditions text[] not null default '{}',
    goal text,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index bookings_client on bookings (client_id, start_at);
create index bookings_trainer on bookings (trainer_id, start_at);
create unique index one_free_first_workout on bookings (client_id)
    where service = 'first-workout' and status <> 'cancelled';
