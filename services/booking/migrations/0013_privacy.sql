-- A key for each client: what people typed about them is sealed with it. The master key that opens
-- it is not in the database. To erase somebody is to forget it.
create table client_keys (
    client_id uuid primary key references people (id),
    wrapped bytea not null,
    made_at timestamptz not null
);

alter table people add column erased_at timestamptz;

-- What was reported, sealed whole: for the client's own copy of it.
alter table submissions add column report text;

-- Answers are sealed; whom one is about says what has to go with that person.
alter table idempotency_keys add column client_id uuid;
create index idempotency_keys_client on idempotency_keys (client_id) where client_id is not null;

-- The access log as a chain: each hash covers the one before it and the row.
create table access_chain (
    place bigint generated always as identity primary key,
    log_id bigint not null unique,
    hash bytea not null
);

-- Where lines were deleted after their time: the chain begins after the last one's hash.
create table access_chain_cuts (
    place bigint primary key,
    hash bytea not null,
    at timestamptz not null
);

create function refuse_access_log_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.at < now() - interval '2 years' then
        return old;
    end if;
    raise exception 'the access log is only ever added to';
end $$;
create trigger access_log_stays before update or delete on access_log
    for each row execute function refuse_access_log_change();
create trigger access_log_stays_whole before truncate on access_log
    for each statement execute function refuse_access_log_change();
create trigger access_chain_stays before update on access_chain
    for each row execute function refuse_change();
create function refuse_chain_gap() returns trigger language plpgsql as $$
begin
    if exists (select from access_log where id = old.log_id) then
        raise exception 'a hash stays as long as its line';
    end if;
    return old;
end $$;
create trigger access_chain_keeps before delete on access_chain
    for each row execute function refuse_chain_gap();
create index access_log_at on access_log (at);
