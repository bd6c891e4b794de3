-- What staff note with credits, and the look-up of people who gave the same phone number.

alter table credits add column note text;
create index people_phone on people (phone) where phone is not null;
