"""What the tables refuse whoever asks, in each database's own words: no slip may rewrite a ledger."""

from alembic import op


def refuse(name: str, change: str, table: str, why: str, when: str = "") -> None:
    """A trigger that breaks off a `change` (INSERT, UPDATE, DELETE) of a row; `when` may ask other tables."""
    if op.get_bind().dialect.name == "postgresql":
        # Its own WHEN asks no other table.
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {when or 'TRUE'} THEN "
            f"RAISE EXCEPTION '{why}' USING ERRCODE = 'integrity_constraint_violation'; "
            "END IF; RETURN COALESCE(NEW, OLD); END $$"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {change} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    else:
        condition = f"WHEN {when} " if when else ""
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {change} ON {table} {condition}BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )
