-- When a trainer works beside the weekly hours, and where a reservation takes place.

-- What is null follows the company's default. `base_postal` is where the trainer's day begins and
-- ends; `schedule_version` rises with every change of hours, overrides and these settings.
alter table trainers
    add column notice_minutes integer check (notice_minutes >= 0),
    add column window_days integer check (window_days > 0),
    add column buffer_before_minutes smallint check (buffer_before_minutes >= 0),
    add column buffer_after_minutes smallint check (buffer_after_minutes >= 0),
    add column base_postal text,
    add column schedule_version integer not null default 1;

-- The rows of a date replace its weekday's hours; one row without times is a day off.
create table hours_overrides (
    trainer_id uuid not null references trainers (id),
    date date not null,
    from_time time,
    to_time time,
    check ((from_time is null) = (to_time is null)),
    unique nulls not distinct (trainer_id, date, from_time)
);

create table time_off (
    id uuid primary key,
    trainer_id uuid not null references trainers (id),
    during tstzrange not null check (not isempty(during)),
    reason text,
    created_by uuid not null references people (id),
    created_at timestamptz not null
);
create index time_off_trainer on time_off using gist (trainer_id, during);

-- A visit has a place, and the trainer must get there; a virtual session has none.
alter table reservations
    add column area text,
    add column postal text;
update reservations r set area = h.area, postal = h.postal from holds h where h.id = r.id;
update reservations r set area = b.area, postal = b.address ->> 'postal'
    from bookings b where b.id = r.id;
alter table holds drop column area, drop column postal;
