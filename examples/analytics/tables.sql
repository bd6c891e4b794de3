-- What is kept: every public event as it came, and how far each partition has been read.

create table if not exists events (
    ce_id varchar primary key,
    type varchar not null,
    source varchar not null,
    time timestamp not null,        -- UTC
    subject varchar,
    topic varchar not null,
    key varchar not null,
    data json not null
);

-- The next offset to read. Written in the transaction of the rows: either both are there or neither.
create table if not exists offsets (
    topic varchar,
    partition integer,
    next bigint not null,
    primary key (topic, partition)
);

-- Records that are no event as documented; looked at by a person, never a reason to stop.
create table if not exists rejected (
    topic varchar,
    partition integer,
    "offset" bigint,
    reason varchar not null,
    primary key (topic, partition, "offset")
);

-- People who asked to be forgotten: what comes late under such an id is not kept either.
create table if not exists erased (client_id varchar primary key);
