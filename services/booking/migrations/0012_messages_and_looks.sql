-- What became of each message, as notify tells it; and looks at a list, one line each.

-- Codes alone: neither an address, nor a text, nor what a provider said of either.
create table messages (
    id uuid primary key,
    recipient_id uuid not null,
    template text not null,
    channel text not null,
    booking_id uuid,
    state text not null check (state in ('scheduled', 'sent', 'failed', 'unknown', 'cancelled')),
    due_at timestamptz,
    -- When the newest fact was.
    at timestamptz not null
);
create index messages_recipient on messages (recipient_id, at desc);
create index messages_at on messages (at);
create index messages_failed on messages (at desc) where state in ('failed', 'unknown');

-- A list shows something of many clients at once: the look names all of them.
alter table access_log
    alter column client_id drop not null,
    add column clients uuid[],
    add constraint access_log_of_somebody check ((client_id is null) <> (clients is null));
create index access_log_clients on access_log using gin (clients) where clients is not null;
