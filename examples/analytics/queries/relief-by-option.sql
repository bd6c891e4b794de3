-- Does pain fall over a session with this option, and by the next morning?
--
-- Change of pain (0 to 10) against the report before the same session; below zero is relief. First
-- the mean of each client, then over clients, so that nobody counts twice; the interval is Student's
-- t over clients. This is no proof of effect: people report and train when pain is high, and what
-- is high falls by itself; a session holds several options; options are chosen by what helped.
with before as (
    select booking_id, client_id, min_by(pain, reported_at) as pain
    from check_ins
    where kind = 'pre' and booking_id is not null
    group by all
),
changes as (
    select c.booking_id, c.client_id, c.kind, max_by(c.pain, c.reported_at) - any_value(b.pain) as change
    from check_ins c join before b using (booking_id, client_id)
    where c.kind in ('post', 'next-morning')
    group by all
),
done as (
    select distinct booking_id, client_id, option
    from exercises
    where done and booking_id is not null
),
of_clients as (
    select option, kind, client_id, avg(change) as change, count(*) as sessions
    from done join changes using (booking_id, client_id)
    group by all
)
select
    option,
    kind as after,
    count(*) as clients,
    sum(sessions)::int as sessions,
    round(avg(change), 2) as mean_change,
    round(avg(change) - t_95(count(*) - 1) * stddev_samp(change) / sqrt(count(*)), 2) as low,
    round(avg(change) + t_95(count(*) - 1) * stddev_samp(change) / sqrt(count(*)), 2) as high
from of_clients
group by option, kind
having count(*) >= smallest_group()
order by after, mean_change;
