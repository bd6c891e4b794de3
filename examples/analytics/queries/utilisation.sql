-- How full are the trainers' weeks, by area?
--
-- Held hours are sessions that took place; lost ones were missed, or cancelled late by the client.
-- `utilisation` is held hours of a full week of 40: the hours a trainer offers are not published, so
-- compare trainers with themselves rather than with each other. Weeks begin on Monday where the
-- client is. A trainer's week in an area with fewer than five clients is left out.
select
    date_trunc('week', local_start)::date as week,
    area,
    trainer_id as trainer,
    count(distinct client_id) as clients,
    round(coalesce(sum(hours) filter (status = 'completed'), 0), 1) as hours_held,
    round(coalesce(sum(hours) filter (status <> 'completed'), 0), 1) as hours_lost,
    round(hours_held / full_week_hours(), 3) as utilisation
from bookings
where status in ('completed', 'missed') or (status = 'cancelled' and late)
group by date_trunc('week', local_start), area, trainer_id
having count(distinct client_id) >= smallest_group()
order by week, area, trainer;
