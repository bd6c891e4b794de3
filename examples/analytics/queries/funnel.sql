-- How many go from the free first workout to a plan, and onwards?
--
-- Each step counts clients who reached it, in whatever order; the share is of those who booked a
-- first workout. Who booked lately has had no time to go on: compare clients of the same age.
with steps as (
    select
        c.client_id,
        bool_or(b.service = 'first-workout') as booked,
        bool_or(b.service = 'first-workout' and b.status = 'completed') as came,
        any_value(c.screened_at) is not null as screened,
        any_value(c.assessed_at) is not null as assessed,
        any_value(c.activated_at) is not null as planned,
        bool_or(b.service = 'training' and b.status = 'completed') as trained
    from clients c join bookings b using (client_id)
    group by c.client_id
),
counted as (
    unpivot (
        select
            count(*) filter (booked) as "1: booked a first workout",
            count(*) filter (booked and came) as "2: came",
            count(*) filter (booked and screened) as "3: was screened",
            count(*) filter (booked and assessed) as "4: was assessed",
            count(*) filter (booked and planned) as "5: began a plan",
            count(*) filter (booked and trained) as "6: trained"
        from steps
    ) on columns(*) into name step value clients
)
select
    step,
    clients,
    round(clients / first, 3) as share,
    round(wilson_low(clients, first), 3) as low,
    round(wilson_high(clients, first), 3) as high
from counted, (select max(clients) as first from counted)
where clients >= smallest_group()
order by step;
