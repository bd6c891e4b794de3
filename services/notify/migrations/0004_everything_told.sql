-- Messages of every kind by every channel: what people agreed to and prefer, what the digest sums up,
-- and which safety alerts somebody has looked at.

alter table contacts
    -- As in contact.changed: consent by class and channel, hours and caps, links, devices, passes.
    add column grants jsonb not null default '[]',
    add column preferences jsonb,
    add column unsubscribe jsonb not null default '[]',
    add column devices jsonb not null default '[]',
    -- Null where it was never told: then nobody in it counts as new.
    add column care_team jsonb,
    add column passes jsonb not null default '[]',
    -- Class to the channels that reach this person, as it stood when the contact came.
    add column reach jsonb not null default '{}',
    -- When the next message that comes by the calendar has to be planned.
    add column plan_at timestamptz not null default '-infinity';
create index contacts_plan on contacts (plan_at) where role in ('client', 'trainer');
create index contacts_on_call on contacts (role) where role in ('staff', 'lead');
create index contacts_passes on contacts using gin (passes jsonb_path_ops)
    where role in ('staff', 'lead');
drop index contacts_leads;

alter table deliveries
    add column sent_at timestamptz,
    drop constraint deliveries_nature_check,
    add constraint deliveries_nature_check check (nature in (
        'announcement', 'reminder', 'code', 'alert', 'offer',
        'invitation', 'encouragement', 'digest', 'notice'
    )),
    drop constraint deliveries_waits_for_check,
    add constraint deliveries_waits_for_check
        check (waits_for in ('contact', 'access', 'earlier', 'hours', 'cap', 'digest'));
update deliveries set sent_at = updated_at where state = 'sent';
-- How many a person got today.
create index deliveries_sent on deliveries (recipient_id, channel, sent_at)
    where class <> 'essential' and sent_at is not null;

-- A trainer's day.
create index bookings_trainer on bookings (trainer_id, start_at);

alter table safety_alerts
    -- What called for it; null where only the level is known.
    add column rule text,
    add column trainer_ids uuid[] not null default '{}',
    -- Leads hear at once, also one who becomes known later.
    add column for_leads boolean not null default false,
    add column acknowledged_at timestamptz,
    add column acknowledged_by uuid;
update safety_alerts set for_leads = true where level = 'emergency';
create index safety_alerts_open on safety_alerts (client_id) where acknowledged_at is null;

-- The newest acknowledgement of each client: it may arrive before the alert it answers.
create table acknowledgements (
    client_id uuid primary key,
    acknowledged_by uuid not null,
    at timestamptz not null
);

-- What the weekly summary counts, and what makes an invitation needless. Codes only.
create table happenings (
    client_id uuid not null,
    kind text not null check (kind in ('check-in', 'milestone')),
    -- The check-in, or a name made of the milestone's code.
    id uuid not null,
    -- pre, post, next-morning, daily; or the milestone's code.
    code text not null,
    -- The milestone's own kind: function, confidence, habit.
    sort text,
    booking_id uuid,
    why boolean not null default false,
    at timestamptz not null,
    heard_at timestamptz not null,
    primary key (client_id, kind, id)
);
create index happenings_at on happenings (client_id, at);
create index happenings_heard_at on happenings (heard_at);

-- Clearances that wait for a clinician: one who joins the care team later is asked as well.
create table open_clearances (
    clearance_id uuid primary key,
    client_id uuid not null,
    at timestamptz not null
);
create index open_clearances_client on open_clearances (client_id);
