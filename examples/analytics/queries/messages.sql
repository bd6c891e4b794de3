-- Do messages go out, and in time?
--
-- Of messages that were meant to go out: `sent` is what a server took, `withdrawn` was no longer
-- true or needed, which is no fault. Late is more than five minutes after its time. A server that
-- took a message has not delivered it yet. Under a clock that is moved on by hand, lateness is the
-- length of the leaps.
select
    class,
    template,
    channel,
    count(*) as messages,
    round(count(*) filter (outcome = 'sent') / count(*), 3) as sent,
    round(count(*) filter (outcome = 'cancelled') / count(*), 3) as withdrawn,
    round(count(*) filter (outcome in ('failed', 'unknown')) / count(*), 3) as failed,
    round(count(*) filter (late_s > late_minutes() * 60)
        / nullif(count(*) filter (outcome = 'sent'), 0), 3) as late,
    round(quantile_cont(late_s, 0.5) filter (outcome = 'sent'), 1) as p50_s,
    round(quantile_cont(late_s, 0.95) filter (outcome = 'sent'), 1) as p95_s
from (
    select
        *,
        max(message_class) over (partition by template) as class,
        greatest(0, date_diff('millisecond', due_at, sent_at) / 1000.0) as late_s
    from messages
)
where outcome <> 'planned'
group by class, template, channel
having count(distinct recipient_id) >= smallest_group()
order by messages desc, template;
