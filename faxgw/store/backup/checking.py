"""Says whether a backup is whole: files by their sums, the database by SQLite's own check, faxes by their count."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from faxgw.errors import OperatorError
from faxgw.store.backup.contents import faults_in, open_at_rest, read_contents
from faxgw.store.backup.folder import DATABASE, MANIFEST, SUMS
from faxgw.store.backup.manifest import Manifest, read_manifest
from faxgw.store.backup.sums import Watch, read_sums, sum_of
from faxgw.store.database import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Checked:
    manifest: Manifest | None
    files: int
    size_bytes: int
    faults: list[str]

    @property
    def is_whole(self) -> bool:
        return not self.faults


def check_backup(folder: Path, watch: Watch = lambda _: None) -> Checked:
    """Read all of it. A folder that is no backup, or half of one, is a fault like any other."""
    if not folder.is_dir():
        return Checked(None, 0, 0, [f"there is no folder {folder}"])
    try:
        sums = read_sums(folder / SUMS)
    except FileNotFoundError:
        return Checked(None, 0, 0, [f"{SUMS} is missing: this is no backup, or one that was cut off"])
    except (ValueError, OSError) as error:
        return Checked(None, 0, 0, [f"{SUMS} cannot be read: {error}"])
    faults = [*_file_faults(folder, sums, watch), *_strangers(folder, sums)]
    manifest = read_manifest(folder / MANIFEST)
    size_bytes = sum((folder / name).stat().st_size for name in sums if (folder / name).is_file())
    if isinstance(manifest, str):
        return Checked(None, len(sums), size_bytes, [*faults, manifest])
    if not faults:
        # A database whose bytes are not the ones that were written is not worth SQLite's time.
        faults += _database_faults(folder, manifest)
    return Checked(manifest, len(sums), size_bytes, faults)


def _file_faults(folder: Path, sums: dict[Path, str], watch: Watch) -> Iterator[str]:
    for name in (DATABASE, MANIFEST):
        if Path(name) not in sums:
            yield f"{SUMS} does not name {name}"
    for file, digest in sums.items():
        try:
            if sum_of(folder / file, watch) != digest:
                yield f"{file} is not as it was written"
        except OSError as error:
            yield f"{file}: {error.strerror}"


def _strangers(folder: Path, sums: dict[Path, str]) -> Iterator[str]:
    """A file that was put there later: a write-ahead log beside the database would be taken for part of it."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if not path.is_dir() and name not in sums and name != Path(SUMS):
            yield f"{name} is not part of the backup: move it away"


def _database_faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    if manifest.schema > SCHEMA_VERSION:
        yield f"its schema is {manifest.schema}, this faxgw knows up to {SCHEMA_VERSION}: upgrade faxgw"
        return
    try:
        with open_at_rest(folder / DATABASE) as connection:
            yield from faults_in(connection)
            contents = read_contents(connection)
    except OperatorError as error:
        yield str(error)
        return
    told, found = (
        (manifest.schema, manifest.store_id, manifest.faxes, manifest.last_event),
        (
            contents.schema,
            contents.store_id,
            contents.faxes,
            contents.last_event,
        ),
    )
    if told != found:
        yield f"the manifest tells of other faxes ({manifest.faxes}) than the database has ({contents.faxes})"
    missing = sum(not (folder / name).is_file() for name in contents.documents)
    if missing != manifest.documents_missing:
        yield f"{missing} documents that the database names are not there"
