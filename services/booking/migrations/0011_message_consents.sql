-- What people agreed to be sent, when it may come, and the devices that take notifications.

-- A ledger: lines are added and never changed; the newest of a class and channel counts.
create table message_consents (
    id bigint generated always as identity primary key,
    person_id uuid not null references people (id),
    message_class text not null check (message_class in ('service', 'marketing')),
    channel text not null check (channel in ('email', 'sms', 'push')),
    basis text not null check (basis in ('express', 'implied', 'withdrawn')),
    granted boolean not null generated always as (basis <> 'withdrawn') stored,
    -- `source` is a code, `evidence` the sentence that goes with it.
    source text not null,
    evidence text not null,
    at timestamptz not null,
    expires_at timestamptz,
    check (expires_at is null or basis = 'implied'),
    check (message_class <> 'marketing' or basis <> 'implied')
);
create index message_consents_person
    on message_consents (person_id, message_class, channel, id desc);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'a line of % is never changed', tg_table_name;
end $$;
create trigger message_consents_stay before update on message_consents
    for each row execute function refuse_change();

-- Reminders were on unless somebody said no, so of clients they are no more than implied.
insert into message_consents (person_id, message_class, channel, basis, source, evidence, at,
    expires_at)
select p.id, 'service', 'email',
    case when not p.reminders then 'withdrawn' else 'implied' end,
    case when p.role = 'client' then 'booking-form' else 'works-here' end,
    case when p.role = 'client' then 'booking form' else 'works with Limber' end,
    p.created_at,
    case when p.reminders and p.role = 'client' then interval '730 days' + greatest(p.created_at,
        (select max(b.end_at) from bookings b where b.client_id = p.id and b.status = 'completed'))
    end
from people p
union all
select p.id, 'marketing', 'email', 'express', 'booking-form', 'booking form', p.created_at, null
from people p where p.marketing;
alter table people drop column reminders, drop column marketing;

-- What is null follows the company's default. `quiet` is {start, end}, a window {day, start, end}:
-- wall times in the person's zone.
create table preferences (
    person_id uuid primary key references people (id),
    quiet jsonb,
    windows jsonb not null default '[]',
    digest boolean not null default false,
    per_day smallint check (per_day > 0),
    changed_at timestamptz not null
);

-- A browser belongs to who used it last, so that nobody reads what is for another.
create table push_devices (
    id uuid primary key,
    person_id uuid not null references people (id),
    endpoint text not null unique,
    p256dh text not null,
    auth text not null,
    seen_at timestamptz not null
);
create index push_devices_person on push_devices (person_id);
create index sessions_person on sessions (person_id);
