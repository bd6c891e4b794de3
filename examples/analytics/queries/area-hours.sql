-- How many hours a week are held in each area?
--
-- The sum over all trainers of an area; sessions by video are `virtual`. The first and the last
-- week may be cut short. A week with fewer than five clients in an area is left out.
select
    date_trunc('week', local_start)::date as week,
    area,
    count(distinct client_id) as clients,
    round(sum(hours), 1) as hours_held
from bookings
where status = 'completed'
group by date_trunc('week', local_start), area
having count(distinct client_id) >= smallest_group()
order by week, area;
