-- The number is kept for the history of messages that the pages show.
select;
