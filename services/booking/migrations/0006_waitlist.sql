-- Who waits for a time, in the order they came, and what they were offered.

create table waitlist (
    id uuid primary key,
    client_id uuid not null references people (id),
    service text not null,
    mode text not null check (mode in ('in-person', 'virtual')),
    area text,
    postal text,
    trainer_id uuid references trainers (id),
    tz text not null,
    first_day date not null,
    last_day date not null check (last_day >= first_day),
    status text not null check (status in ('waiting', 'offered', 'booked', 'left', 'ended')),
    created_at timestamptz not null
);
create index waitlist_waiting on waitlist (created_at, id) where status = 'waiting';
create index waitlist_client on waitlist (client_id);

-- A hold that keeps a freed time for who waited longest.
alter table holds add column waitlist_id uuid references waitlist (id);

create table waitlist_offers (
    hold_id uuid primary key,
    waitlist_id uuid not null references waitlist (id),
    trainer_id uuid not null,
    start_at timestamptz not null,
    end_at timestamptz not null,
    status text not null check (status in ('open', 'booked', 'lapsed', 'declined')),
    offered_at timestamptz not null,
    expires_at timestamptz not null
);
create index waitlist_offers_entry on waitlist_offers (waitlist_id);
