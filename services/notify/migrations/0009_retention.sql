-- Who looked is known for two years; until then no line can be changed or deleted.
create function refuse_staff_log_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.at < now() - interval '2 years' then
        return old;
    end if;
    raise exception 'staff_log is only ever added to';
end
$$;
drop trigger staff_log_stays on staff_log;
create trigger staff_log_stays before update or delete on staff_log
    for each row execute function refuse_staff_log_change();
create trigger staff_log_stays_whole before truncate on staff_log
    for each statement execute function refuse_change();
create index staff_log_at on staff_log (at);
create index bookings_end_at on bookings (end_at);
