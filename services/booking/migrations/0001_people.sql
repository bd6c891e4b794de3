-- Everybody Limber knows, how they sign in, and what is needed to answer a repeated request once.

create table people (
    id uuid primary key,
    role text not null check (role in ('client', 'trainer', 'clinician', 'staff', 'lead')),
    name text not null,
    email text not null,
    email_key text not null unique,
    phone text,
    tz text not null,
    language text not null check (language in ('en', 'fr')),
    reminders boolean not null default true,
    marketing boolean not null default false,
    contact_version integer not null default 0,
    created_at timestamptz not null
);

create table trainers (
    id uuid primary key references people (id),
    tz text not null,
    areas text[] not null,
    modes text[] not null,
    languages text[] not null,
    conditions text[] not null
);

-- Local wall times in the trainer's zone; day 0 is Monday; to_time at or before from_time spans midnight.
create table weekly_hours (
    trainer_id uuid not null references trainers (id),
    day smallint not null check (day between 0 and 6),
    from_time time not null,
    to_time time not null,
    primary key (trainer_id, day, from_time)
);

create table sign_in_codes (
    person_id uuid primary key references people (id),
    request_id uuid not null,
    code_hash bytea not null,
    wrong_tries smallint not null default 0,
    expires_at timestamptz not null
);

create table sessions (
    token_hash bytea primary key,
    person_id uuid not null references people (id),
    expires_at timestamptz not null
);
create index sessions_expires_at on sessions (expires_at);

create table idempotency_keys (
    caller text not null,
    key text not null,
    fingerprint bytea not null,
    status smallint not null,
    body jsonb not null,
    created_at timestamptz not null,
    primary key (caller, key)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);
