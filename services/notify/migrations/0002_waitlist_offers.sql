-- A freed time that is kept for somebody is told at once; the mail carries the way off the list.

-- Place on the waitlist to the token that leaves it.
alter table contacts add column waitlist jsonb not null default '{}';

alter table deliveries drop constraint deliveries_nature_check;
alter table deliveries add constraint deliveries_nature_check
    check (nature in ('announcement', 'reminder', 'code', 'alert', 'offer'));
