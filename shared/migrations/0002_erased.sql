-- Clients who were erased: what still arrives about them has no effect.
create table erased (
    client_id uuid primary key,
    at timestamptz not null
);

-- An outbox row without payload is a tombstone: its key is forgotten on a compacted topic.
alter table outbox alter column payload drop not null;
