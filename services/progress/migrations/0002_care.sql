-- Intake, plan, flare and what was computed, as one document a client; when time alone changes
-- something next; and whether new reports wait for the statistics.
alter table clients
    add column care jsonb not null default '{}',
    add column due_at timestamptz,
    add column reflected_version integer not null default 0,
    add column reported_version integer not null default 0;
create index clients_due on clients (due_at) where due_at is not null;
create index clients_unreflected on clients (client_id) where reported_version > reflected_version;
alter table holds alter column check_in_id drop not null;
