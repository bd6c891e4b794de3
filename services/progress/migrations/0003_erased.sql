-- An erased client's row stays, empty: whoever was at work on it finds that there is nothing to do.
alter table clients add column erased_at timestamptz;
