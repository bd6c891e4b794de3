-- The raw events as tables to ask questions of. Fields are those of the data dictionary; what is
-- not known yet is null. Instants are UTC.

-- Figures that decide, in one place.
create or replace macro smallest_group() as 5;      -- clients; about fewer nothing is shown
create or replace macro full_week_hours() as 40.0;  -- of a trainer; their hours are not published
create or replace macro late_minutes() as 5.0;      -- a message later than this after its time

-- 95 % interval of a share (Wilson), for `k` of `n`.
create or replace macro wilson_low(k, n) as
    greatest(0.0, (k + 1.9207 - 1.96 * sqrt(k * (n - k) / n::double + 0.9604)) / (n + 3.8415));
create or replace macro wilson_high(k, n) as
    least(1.0, (k + 1.9207 + 1.96 * sqrt(k * (n - k) / n::double + 0.9604)) / (n + 3.8415));

-- 97.5 % point of Student's t by the Cornish-Fisher series; within 0.3 % from 4 degrees on.
create or replace macro t_95(df) as
    1.959964 + 2.372272 / df + 2.822499 / df ** 2 + 2.555851 / df ** 3;

create or replace view bookings as
with changes as (
    select
        data->>'booking_id' as booking_id,
        (data->>'version')::int as version,
        split_part(type, '.', 2) as what,
        time,
        data
    from events
    where type in (
        'booking.confirmed.v1', 'booking.rescheduled.v1', 'booking.cancelled.v1',
        'booking.completed.v1', 'booking.missed.v1', 'booking.frozen.v1', 'booking.unfrozen.v1'
    )
),
newest as (
    select booking_id, max_by(data, version) as data, max_by(what, version) as what
    from changes
    group by booking_id
),
story as (
    select
        booking_id,
        min(time) filter (what = 'confirmed') as booked_at,
        min((data->>'start')::timestamp) filter (what = 'confirmed') as first_start,
        max(time) filter (what = 'cancelled') as cancelled_at,
        count(*) filter (what = 'rescheduled') as moves
    from changes
    group by booking_id
)
select
    booking_id,
    data->>'client_id' as client_id,
    data->>'trainer_id' as trainer_id,
    data->>'service' as service,
    data->>'mode' as mode,
    coalesce(data->>'area', 'virtual') as area,
    (data->>'start')::timestamp as start_at,
    (data->>'end')::timestamp as end_at,
    timezone(data->>'tz', (data->>'start')::timestamptz) as local_start,
    date_diff('minute', (data->>'start')::timestamp, (data->>'end')::timestamp) / 60.0 as hours,
    case when what in ('rescheduled', 'unfrozen') then 'confirmed' else what end as status,
    booked_at,
    first_start,
    cancelled_at,
    data->>'cancelled_by' as cancelled_by,
    (data->>'late')::boolean as late,
    moves
from newest join story using (booking_id);

create or replace view check_ins as
select
    data->>'check_in_id' as check_in_id,
    data->>'client_id' as client_id,
    data->>'booking_id' as booking_id,
    data->>'kind' as kind,
    (data->>'at')::timestamp as reported_at,
    (data->>'pain')::int as pain,
    (data->>'stiffness')::int as stiffness,
    (data->>'energy')::int as energy,
    (data->>'mood')::int as mood,
    (data->>'confidence')::int as confidence,
    (data->>'effort')::int as effort,
    (data->>'enjoyment')::int as enjoyment,
    data->'exercises' as exercises
from events
where type = 'checkin.recorded.v1';

create or replace view exercises as
select check_in_id, client_id, booking_id, kind, reported_at, unnest(from_json(
    exercises, '[{"option":"VARCHAR","done":"BOOLEAN","worst_pain":"INTEGER","enjoyment":"INTEGER"}]'
), recursive := true)
from check_ins;

create or replace view plans as
select
    data->>'plan_id' as plan_id,
    data->>'client_id' as client_id,
    (data->>'at')::timestamp as began_at,
    lead((data->>'at')::timestamp) over (
        partition by data->>'client_id' order by (data->>'at')::timestamp
    ) as ended_at,
    data->'items' as items
from events
where type = 'plan.activated.v1';

create or replace view plan_items as
select plan_id, client_id, began_at, ended_at, unnest(from_json(
    items, '[{"option":"VARCHAR","family":"VARCHAR","effort":"INTEGER","per_week":"INTEGER"}]'
), recursive := true)
from plans;

create or replace view messages as
select
    data->>'message_id' as message_id,
    any_value(data->>'recipient_id') as recipient_id,
    any_value(data->>'template') as template,
    any_value(data->>'channel') as channel,
    any_value(data->>'message_class') as message_class,
    min((data->>'at')::timestamp) filter (type = 'message.scheduled.v1') as planned_at,
    max_by((data->>'due_at')::timestamp, time) filter (type = 'message.scheduled.v1') as due_at,
    min((data->>'at')::timestamp) filter (type = 'message.sent.v1') as sent_at,
    case
        when bool_or(type = 'message.sent.v1') then 'sent'
        when bool_or(type = 'message.unknown.v1') then 'unknown'
        when bool_or(type = 'message.failed.v1') then 'failed'
        when bool_or(type = 'message.cancelled.v1') then 'cancelled'
        else 'planned'
    end as outcome
from events
where type like 'message.%' and topic = 'notify.events'
group by data->>'message_id';

create or replace view clients as
select
    key as client_id,
    min(time) filter (type = 'client.registered.v1') as registered_at,
    min(time) filter (type = 'screening.recorded.v1') as screened_at,
    min(time) filter (
        type = 'assessment.recorded.v1' and (data->>'complete')::boolean
    ) as assessed_at,
    min(time) filter (type = 'plan.drafted.v1') as drafted_at,
    min(time) filter (type = 'plan.activated.v1') as activated_at
from events
where topic in ('booking.events', 'progress.events')
group by key
having registered_at is not null;
