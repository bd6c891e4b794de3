-- Who may see a client's health data, who did, and how often somebody may ask.

-- `share` names the purposes the client consents to; a removed member keeps the row as evidence.
create table care_team (
    id uuid primary key,
    client_id uuid not null references people (id),
    member_id uuid not null references people (id),
    role text not null check (role in ('physician', 'physiotherapist', 'other')),
    share text[] not null,
    added_at timestamptz not null,
    removed_at timestamptz
);
create unique index care_team_member on care_team (client_id, member_id) where removed_at is null;
create index care_team_of on care_team (member_id) where removed_at is null;

create table access_log (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    actor_id uuid not null references people (id),
    actor_role text not null,
    client_id uuid not null,
    what text not null
);
create index access_log_client on access_log (client_id, id);

-- One row for each thing that is limited: when the next request would be on time (GCRA).
create table rate_limits (
    key text primary key,
    due_at timestamptz not null
);
create index rate_limits_due_at on rate_limits (due_at);
