-- Who can be told, what they can be told about, and each message: its row in deliveries is the
-- schedule and the queue in one, so nothing can fall between the two.

create table contacts (
    person_id uuid primary key,
    version integer not null,
    role text not null check (role in ('client', 'trainer', 'clinician', 'staff', 'lead')),
    name text not null,
    email text not null,
    phone text,
    language text not null check (language in ('en', 'fr')),
    tz text not null,
    reminders boolean not null,
    marketing boolean not null,
    -- Booking id to links, place and the other person's name.
    bookings jsonb not null default '{}',
    sign_in jsonb,
    updated_at timestamptz not null
);
create index contacts_leads on contacts (person_id) where role = 'lead';

create table bookings (
    id uuid primary key,
    version integer not null,
    status text not null
        check (status in ('confirmed', 'frozen', 'cancelled', 'completed', 'missed')),
    client_id uuid not null,
    trainer_id uuid not null,
    service text not null,
    mode text not null,
    start_at timestamptz not null,
    end_at timestamptz not null,
    tz text not null,
    updated_at timestamptz not null
);
create index bookings_client on bookings (client_id, start_at);

-- Kept so that a duty lead who becomes known after the event still hears of it.
create table safety_alerts (
    id uuid primary key,
    client_id uuid not null,
    level text not null,
    at timestamptz not null
);
create index safety_alerts_at on safety_alerts (at);

create table deliveries (
    id uuid primary key,
    template text not null,
    subject_id uuid not null,
    subject_version integer not null,
    channel text not null check (channel in ('email', 'sms', 'push', 'webhook')),
    recipient_id uuid not null,
    booking_id uuid,
    class text not null check (class in ('essential', 'service', 'marketing')),
    -- Announcements tell what happened and keep their order; reminders lapse with their version.
    nature text not null check (nature in ('announcement', 'reminder', 'code', 'alert')),
    -- The facts it speaks of: ids, codes and times; never a name or an address.
    detail jsonb not null,
    -- When it would go out if there were no quiet hours.
    nominal_at timestamptz not null,
    due_at timestamptz not null,
    expires_at timestamptz not null,
    state text not null default 'scheduled' check (state in (
        'scheduled', 'sending', 'sent', 'retrying', 'failed',
        'bounced', 'cancelled', 'expired', 'unknown'
    )),
    -- When a sender looks at it next: due_at at first, later after each wait.
    next_at timestamptz not null,
    waits_for text check (waits_for in ('contact', 'access', 'earlier', 'hours')),
    reason text,
    attempts smallint not null default 0,
    unknowns smallint not null default 0,
    -- Who sends it now, and until when; by the database's clock, which no test shifts.
    lease uuid,
    leased_until timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (template, subject_id, subject_version, channel, recipient_id),
    check ((state = 'sending') = (lease is not null and leased_until is not null))
);
-- One index a rank, so that a thousand reminders at 21:00 do not stand before a sign-in code.
create index deliveries_next_essential on deliveries (next_at)
    where state in ('scheduled', 'retrying') and class = 'essential';
create index deliveries_next_other on deliveries (next_at)
    where state in ('scheduled', 'retrying') and class <> 'essential';
create index deliveries_leased on deliveries (leased_until) where state = 'sending';
create index deliveries_recipient on deliveries (recipient_id)
    where state in ('scheduled', 'retrying', 'sending');
create index deliveries_subject on deliveries (subject_id, recipient_id)
    where state in ('scheduled', 'retrying', 'sending');
create index deliveries_history on deliveries (recipient_id, created_at);

-- Written before the mail server is spoken to; one without an outcome is a send whose end nobody saw.
create table attempts (
    delivery_id uuid not null references deliveries (id) on delete cascade,
    number smallint not null,
    provider text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    outcome text check (outcome in (
        'accepted', 'deferred', 'refused', 'bounced', 'unreachable', 'lost', 'unknown'
    )),
    code smallint,
    primary key (delivery_id, number),
    check ((outcome is null) = (finished_at is null))
);
create index attempts_open on attempts (delivery_id) where outcome is null;
