# ruff: noqa
"""What each rule of rules.yaml finds, and what it leaves alone: `semgrep --test` holds them to it. Never run."""


def reads(release, records, actor, connection):
    # ruleid: one-read-door
    table = release.tables.of("deal").table
    # ok: one-read-door
    return records.get(actor, "deal", "1"), table


def writes(release, connection, records, actor):
    # ruleid: one-write-door, one-read-door
    connection.execute(update(release.tables.of("deal").table).values(name="x"))
    # ruleid: one-read-door
    table = release.tables.of("deal").table
    # ruleid: one-write-door
    statement = delete(table)
    # ok: one-write-door
    records.update(actor, "deal", "1", {"name": "x"})
    return statement


def holds_a_connection(platform):
    # ruleid: no-database-outside-the-engine
    with platform.database.read() as connection:
        return connection


def texts(connection, name):
    # ruleid: no-sql-as-text
    connection.execute(text(f"SELECT {name}"))
    # ruleid: no-sql-as-text
    connection.exec_driver_sql("DROP TABLE " + name)
    # ruleid: no-sql-as-text
    connection.execute("DELETE FROM t WHERE name = '%s'" % name)
    # ok: no-sql-as-text
    connection.execute(select(table.c.name).where(table.c.name == name))
