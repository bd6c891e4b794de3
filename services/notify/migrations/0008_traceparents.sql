-- The span of the event that a message comes from (W3C traceparent): its trace goes on with the send.
alter table deliveries add column traceparent text;
