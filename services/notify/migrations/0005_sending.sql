-- Sending by several channels and providers: which addresses take nothing more, how much a provider
-- may get, what an attempt left behind, and a queue that stays quick with a million rows in it.

create table suppressions (
    id uuid primary key,
    channel text not null check (channel in ('email', 'sms', 'push')),
    -- In lower case without spaces around it; of push the device's id.
    address text not null,
    -- A complaint is about what need not be sent, so essential messages still go there.
    reason text not null check (reason in ('hard-bounce', 'complaint', 'stop', 'gone')),
    -- What was seen: a reply code, a keyword, a report's name; never what anybody wrote.
    evidence text not null,
    recipient_id uuid,
    at timestamptz not null,
    lifted_at timestamptz,
    -- Who lifted it, and why: a staff member's id, or the keyword they sent.
    lifted_by text,
    lifted_why text,
    check ((lifted_at is null) = (lifted_by is null))
);
create unique index suppressions_standing on suppressions (channel, address, reason)
    where lifted_at is null;
create index suppressions_address on suppressions (address, at);
create index suppressions_recipient on suppressions (recipient_id);

-- When a provider may get the next share of messages (GCRA). Lost in a crash, when it says nothing.
create unlogged table rates (
    provider text primary key,
    due_at timestamptz not null
);

alter table attempts
    add column status text,
    -- The provider's name for the message: its reports use it.
    add column reference text,
    drop constraint attempts_outcome_check,
    add constraint attempts_outcome_check check (outcome in (
        'accepted', 'deferred', 'busy', 'refused', 'bounced', 'unreachable', 'lost', 'unknown'
    )),
    set (fillfactor = 85);
create index attempts_reference on attempts (reference) where reference is not null;

alter table deliveries
    -- How often it was tried: once may be several attempts, each with another provider.
    add column rounds smallint not null default 0;
update deliveries set rounds = attempts where attempts > 0;

-- A channel has its own senders, so that a dead provider of one never holds up the others.
drop index deliveries_next_essential;
drop index deliveries_next_other;
create index deliveries_next_essential on deliveries (channel, next_at)
    where state in ('scheduled', 'retrying') and class = 'essential';
create index deliveries_next_other on deliveries (channel, next_at)
    where state in ('scheduled', 'retrying') and class <> 'essential';

-- Few rows are being sent at any time, so they need no order; an index on the lease's end would make
-- each new lease an entry in every index.
drop index deliveries_leased;
create index deliveries_held on deliveries (id) where state = 'sending';

-- Each message is written four times. Room in its page keeps two of these out of the indexes, and
-- what the others leave dead at the head of the queue is cleared before it makes claims slow.
alter table deliveries set (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.02
);
