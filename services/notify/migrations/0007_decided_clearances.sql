-- A clearance that was decided is remembered as such: heard again, its request asks nobody.
alter table open_clearances rename to clearances;
alter index open_clearances_client rename to clearances_client;
alter table clearances add column decided_at timestamptz;
