"""A migration that would break the release beside it is refused."""

import pytest

from shared.migrations import Migration
from shared.migrations.check import all_migrations
from shared.migrations.expand import breaks

ADDS = {
    "a table": "create table a (id uuid primary key, name text not null);",
    "a column that may be null": "alter table clients add column seen_at timestamptz;",
    "a column with a default": "alter table clients add seen integer not null default 0;",
    "a computed column": "alter table clients add n int not null generated always as (1) stored;",
    "a constraint": "alter table clients add constraint one unique (id), drop constraint two;",
    "a default": "alter table clients alter column level set default 'x', alter a drop default;",
    "an index": "create index concurrently clients_seen on clients (seen_at);",
    "less strict": "alter table clients alter column level drop not null;",
    "a change of its own table": "create table a (id uuid); alter table a drop column id;",
    "words in a comment": "-- drop table clients;\ncreate index a on clients (id);",
    "words in a value": "insert into a values ('; drop table clients; ');",
    "words in a function": "create function f() returns void as $$ drop table a; $$ language sql;",
    "what was announced": "-- contract: released in 0.2\nalter table clients drop column level;",
}
BREAKS = {
    "drops a column": "alter table clients drop column level;",
    "drops one of two": "alter table clients add column a int, drop level;",
    "drops a table": "drop table if exists clients;",
    "renames a column": "alter table clients rename column level to state;",
    "renames a table": "alter table clients rename to people;",
    "retypes": "alter table clients alter column version type bigint;",
    "demands a value": "alter table only clients alter column level set not null;",
    "adds a demanded column": "alter table clients\n  add column seen timestamptz NOT NULL;",
}


def a_migration(sql: str, number: int = 99) -> Migration:
    return Migration("progress", f"{number:04}_what_it_does.sql", sql)


@pytest.mark.parametrize("sql", ADDS.values(), ids=ADDS)
def test_what_only_adds_is_let_through(sql: str) -> None:
    assert [] == breaks(a_migration(sql))


@pytest.mark.parametrize("sql", BREAKS.values(), ids=BREAKS)
def test_what_takes_something_away_is_refused(sql: str) -> None:
    assert breaks(a_migration(sql))


def test_what_was_written_before_the_first_release_is_left_alone() -> None:
    assert [] == breaks(a_migration(BREAKS["drops a column"], number=1))


def test_every_migration_of_the_tree_keeps_the_release_before_running() -> None:
    assert {} == {f"{m.set}/{m.name}": found for m in all_migrations() if (found := breaks(m))}
