-- What clients reported and what progress answered, as far as the front door shows it.

create table submissions (
    id uuid primary key,
    client_id uuid not null references people (id),
    kind text not null,
    submitted_by uuid not null references people (id),
    submitted_at timestamptz not null,
    status text not null default 'pending' check (status in ('pending', 'done', 'rejected')),
    answer jsonb,
    answered_at timestamptz
);
create index submissions_client on submissions (client_id, submitted_at);

create table progress_views (
    client_id uuid primary key,
    version integer not null,
    level text not null,
    document jsonb not null,
    updated_at timestamptz not null
);

create table safety_holds (
    hold_id uuid primary key,
    client_id uuid not null,
    kind text not null,
    rule text not null,
    placed_at timestamptz not null,
    lifted_at timestamptz
);
create index safety_holds_standing on safety_holds (client_id) where lifted_at is null;
