-- How much of what is planned do clients do?
--
-- Times an option was reported as done against the times a week that the plan in force asked for,
-- over the weeks of the plan that have passed; more than planned counts as all. First the mean of each
-- client, then over clients, with Student's t. What is done without a check-in is not seen, so
-- this is at least what was done. A changed dose counts from the next plan on.
with until as (select max(time) as now from events),
asked as (
    select
        i.client_id,
        i.family,
        i.option,
        i.began_at,
        coalesce(i.ended_at, u.now) as ended_at,
        i.per_week * date_diff('hour', i.began_at, coalesce(i.ended_at, u.now)) / 168.0 as times
    from plan_items i, until u
    where date_diff('hour', i.began_at, coalesce(i.ended_at, u.now)) >= 168
),
counted as (
    select a.client_id, a.family, a.option, a.began_at, any_value(a.times) as times,
        count(e.option) filter (e.done) as done
    from asked a left join exercises e
        on e.client_id = a.client_id and e.option = a.option
        and e.reported_at >= a.began_at and e.reported_at < a.ended_at
    group by all
),
of_clients as (
    select family, client_id, least(1.0, sum(done) / sum(times)) as share
    from counted
    group by all
)
select
    family,
    count(*) as clients,
    round(avg(share), 3) as share_done,
    round(greatest(0, avg(share) - t_95(count(*) - 1) * stddev_samp(share) / sqrt(count(*))), 3) as low,
    round(least(1, avg(share) + t_95(count(*) - 1) * stddev_samp(share) / sqrt(count(*))), 3) as high
from of_clients
group by family
having count(*) >= smallest_group()
order by family;
