-- Partners' webhooks: who wants which facts, what is to be sent and how each attempt ended; which
-- reports of providers were seen; and what staff looked at and did.

create table webhooks (
    id uuid primary key,
    version integer not null default 1,
    name text not null,
    url text not null,
    types text[] not null,
    secret text not null,
    -- Signs beside the new one until then, so that a partner can change over in peace.
    old_secret text,
    old_secret_until timestamptz,
    state text not null default 'active' check (state in ('active', 'paused')),
    paused_because text check (paused_because in ('staff', 'failing', 'gone')),
    -- Since the last success: since when and how often in a row it failed, and when to try again.
    failing_since timestamptz,
    failures integer not null default 0,
    try_at timestamptz,
    created_by uuid not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    check ((state = 'paused') = (paused_because is not null)),
    check ((old_secret is null) = (old_secret_until is null))
);

-- Each fact once, however many want it; kept for replays.
create table webhook_facts (
    id uuid primary key,
    source text not null,
    event_id text not null,
    type text not null,
    at timestamptz not null,
    body text not null,
    unique (source, event_id)
);
create index webhook_facts_at on webhook_facts (at);

-- The id is what partners see as webhook-id: the same for every attempt and every replay.
create table webhook_deliveries (
    id uuid primary key,
    webhook_id uuid not null references webhooks (id) on delete cascade,
    fact_id uuid not null references webhook_facts (id) on delete cascade,
    state text not null default 'waiting'
        check (state in ('waiting', 'sending', 'delivered', 'failed')),
    attempts integer not null default 0,
    next_at timestamptz not null,
    give_up_at timestamptz not null,
    -- By the database's clock, which no test shifts.
    lease uuid,
    leased_until timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (webhook_id, fact_id),
    check ((state = 'sending') = (lease is not null and leased_until is not null))
);
create index webhook_deliveries_next on webhook_deliveries (webhook_id, next_at)
    where state = 'waiting';
create index webhook_deliveries_held on webhook_deliveries (webhook_id) where state = 'sending';
create index webhook_deliveries_late on webhook_deliveries (give_up_at) where state = 'waiting';
create index webhook_deliveries_log on webhook_deliveries (webhook_id, created_at, id);
create index webhook_deliveries_fact on webhook_deliveries (fact_id);

-- Status codes and kinds of faults; never what a partner answered.
create table webhook_attempts (
    delivery_id uuid not null references webhook_deliveries (id) on delete cascade,
    number integer not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    result text
        check (result in ('delivered', 'refused', 'unreachable', 'lost', 'unknown')),
    status smallint,
    fault text,
    primary key (delivery_id, number),
    check ((result is null) = (finished_at is null))
);

-- A provider's report counts once, however often it is sent.
create table callbacks_seen (
    provider text not null,
    id text not null,
    seen_at timestamptz not null,
    primary key (provider, id)
);
create index callbacks_seen_at on callbacks_seen (seen_at);

-- What staff looked at and did: only ever added to.
create table staff_log (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    actor_id uuid not null,
    actor_role text not null,
    what text not null,
    -- Whose messages; null where it is about no person.
    client_id uuid,
    -- The message, suppression or webhook.
    subject_id uuid,
    why text
);
create index staff_log_client on staff_log (client_id, id);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is only ever added to', tg_table_name;
end
$$;
create trigger staff_log_stays before update or delete or truncate on staff_log
    for each statement execute function refuse_change();
