-- How long before a session is it booked?
--
-- From the booking to the start first chosen, in days; later moves do not count, cancelled bookings
-- do. Dates of a series are booked together and far ahead, which lengthens the upper end.
select
    service,
    mode,
    count(distinct client_id) as clients,
    count(*) as bookings,
    round(quantile_cont(days, 0.5), 1) as p50_days,
    round(quantile_cont(days, 0.9), 1) as p90_days
from (
    select *, date_diff('minute', booked_at, first_start) / 1440.0 as days
    from bookings
    where booked_at is not null
)
group by service, mode
having count(distinct client_id) >= smallest_group()
order by service, mode;
