-- How often does nobody come, and does it depend on how early was booked?
--
-- Missed of all sessions that were due (missed or held); cancelled ones are neither. The interval
-- (Wilson, 95 %) takes sessions for independent, which those of one client are not: it is too
-- narrow where few clients have many sessions.
select
    service,
    ahead,
    count(distinct client_id) as clients,
    count(*) as due,
    count(*) filter (status = 'missed') as missed,
    round(missed / due, 3) as rate,
    round(wilson_low(missed, due), 3) as low,
    round(wilson_high(missed, due), 3) as high
from (
    select *, case
        when date_diff('hour', booked_at, first_start) < 72 then '1: under 3 days'
        when date_diff('hour', booked_at, first_start) < 168 then '2: 3 to 7 days'
        else '3: over a week'
    end as ahead
    from bookings
    where status in ('completed', 'missed')
)
group by service, ahead
having count(distinct client_id) >= smallest_group()
order by service, ahead;
