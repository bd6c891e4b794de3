-- What each service needs to speak and to listen on Kafka without losing or doubling anything.

create table outbox (
    seq bigint generated always as identity primary key,
    event_id uuid not null,
    topic text not null,
    key text not null,
    type text not null,
    subject text not null,
    payload text not null,
    traceparent text,
    occurred_at timestamptz not null
);

create table inbox (
    source text not null,
    event_id text not null,
    seen_at timestamptz not null,
    primary key (source, event_id)
);
create index inbox_seen_at on inbox (seen_at);

-- A key whose record could not be handled: its later records wait in dead_letters, in order.
create table parked_keys (
    topic text not null,
    key text not null,
    parked_at timestamptz not null,
    primary key (topic, key)
);

create table dead_letters (
    id uuid primary key,
    topic text not null,
    partition integer not null,
    "offset" bigint not null,
    key text,
    raw_key bytea,
    headers jsonb not null,
    value bytea,
    error text,
    failed_at timestamptz not null,
    replay_requested_at timestamptz,
    unique (topic, partition, "offset")
);
create index dead_letters_key on dead_letters (topic, key, partition, "offset");
