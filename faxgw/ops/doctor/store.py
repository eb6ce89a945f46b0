"""What the database says, judged."""

from collections.abc import Sequence

from faxgw.ops.doctor.finding import Finding, fail, ok, warn

SCHEMA, JOURNAL, INTEGRITY, LOG, BACKUP = "schema", "journal", "integrity", "write-ahead log", "backup"

WAL_BYTES_MAX = 256 * 1024 * 1024
"""As the alert FaxgwWriteAheadLogGrows has it."""
BACKUP_AGE_SECONDS_MAX = 26 * 3_600.0
"""One a day, and an hour's grace on either side."""


def judge_backup(age_seconds: float | None) -> Finding:
    """None where none was ever made."""
    advice = "`faxgw backup PLACE` by a timer: docs/operations.md"
    if age_seconds is None:
        return warn(BACKUP, "none was ever made", advice)
    told = f"the last is {age_seconds / 3_600:,.1f} hours old"
    if age_seconds > BACKUP_AGE_SECONDS_MAX:
        return warn(BACKUP, told, advice)
    return ok(BACKUP, told)


def judge_schema(found: str, known: str) -> Finding:
    if found > known:
        advice = "use the faxgw that wrote it: an older one does not start"
        return fail(SCHEMA, f"revision {found}, and this faxgw knows up to {known}", advice)
    if found < known:
        return warn(SCHEMA, f"revision {found}; the next start brings it to {known}", "make a backup before that start")
    return ok(SCHEMA, f"revision {found}")


def judge_journal(mode: str) -> Finding:
    if mode != "wal":
        return warn(
            JOURNAL, f"mode {mode}", "the daemon sets it to wal at its start; if not, somebody changed the file"
        )
    return ok(JOURNAL, "write-ahead log")


def judge_log(wal_bytes: int) -> Finding:
    told = f"{wal_bytes / 2**20:,.1f} MiB"
    if wal_bytes > WAL_BYTES_MAX:
        return warn(
            LOG, told, "a reader never lets go: end the SQL shell or the backup that hangs (`fuser -v faxgw.db`)"
        )
    return ok(LOG, told)


def judge_integrity(faults: Sequence[str], how: str) -> Finding:
    if faults:
        advice = "stop the daemon, keep the whole state directory, restore the last backup: docs/operations.md"
        return fail(INTEGRITY, f"{how}: {'; '.join(faults)}", advice)
    return ok(INTEGRITY, f"{how} finds nothing")
