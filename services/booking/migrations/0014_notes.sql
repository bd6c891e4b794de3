-- Whether a report holds something that somebody typed, so that notes are found without opening
-- every report; null where an older release wrote it, and then it is looked into.
alter table submissions add column typed boolean;

create index submissions_typed on submissions (client_id, submitted_at desc, id desc)
    where typed is not false;
