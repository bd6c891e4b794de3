-- A client's history. `log` is what happened, in the order it was applied; every other table can be
-- rebuilt from it.

-- The row that all work on one client queues on. `version` counts the log's entries.
create table clients (
    client_id uuid primary key,
    version integer not null default 0,
    level text not null default 'unknown',
    as_of timestamptz,
    lifted_version integer not null default 0,
    next jsonb
) with (fillfactor = 80);

-- The only place of what a client wrote in own words. `about` is the submission's id, or the
-- booking's id and version: applied once, whatever the event's id.
create table log (
    client_id uuid not null references clients (client_id),
    version integer not null,
    type text not null,
    about text not null,
    at timestamptz not null,
    data jsonb not null,
    primary key (client_id, version),
    unique (client_id, about)
);

create table bookings (
    id uuid primary key,
    client_id uuid not null references clients (client_id),
    trainer_id uuid not null,
    start_at timestamptz not null,
    end_at timestamptz not null,
    tz text not null,
    status text not null
        check (status in ('confirmed', 'frozen', 'cancelled', 'completed', 'missed')),
    version integer not null
);
create index bookings_client on bookings (client_id, end_at);

create table check_ins (
    id uuid primary key,
    client_id uuid not null references clients (client_id),
    version integer not null,
    kind text not null check (kind in ('pre', 'post', 'next-morning', 'daily')),
    at timestamptz not null,
    tz text not null,
    booking_id uuid,
    pain smallint not null,
    stiffness smallint,
    energy smallint,
    mood smallint,
    confidence smallint,
    effort smallint,
    enjoyment smallint,
    worst_pain smallint,
    exercises jsonb not null,
    red_flags jsonb not null,
    why jsonb not null,
    flare boolean not null,
    level text not null,
    -- The rules that fired, each with its version and the inputs it saw.
    firings jsonb not null
);
create index check_ins_client on check_ins (client_id, at, version);

create table holds (
    id uuid primary key,
    client_id uuid not null references clients (client_id),
    check_in_id uuid not null references check_ins (id),
    kind text not null check (kind in ('session', 'option', 'joint')),
    option text,
    rule text not null,
    level text not null,
    since timestamptz not null,
    reason text not null,
    firings jsonb not null,
    lifted_at timestamptz,
    lifted_by uuid
);
create index holds_standing on holds (client_id, since, id) where lifted_at is null;
