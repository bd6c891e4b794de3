-- Each time that comes free asks who waits for it, and each sweep whose last day has passed.

create index waitlist_waiting_where on waitlist (mode, coalesce(area, ''), last_day)
    where status = 'waiting';
create index waitlist_waiting_until on waitlist (last_day) where status = 'waiting';
