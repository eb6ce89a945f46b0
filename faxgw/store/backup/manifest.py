"""What a backup says of itself."""

from pathlib import Path

import msgspec

from faxgw.store.backup.sums import write_new

FORMAT = 1


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: int = FORMAT
    made_at: str
    """What happened later may not be in it. ISO 8601, UTC."""
    faxgw: str
    """The version that made it."""
    schema: str
    """Revision of the tables."""
    store_id: str
    faxes: dict[str, int]
    """How many there are in each state."""
    last_event: int
    documents_missing: int
    """Named by the database and not there when the backup was made, either."""
    left_out: list[str]
    """What else lay in the state directory."""


def write_manifest(path: Path, manifest: Manifest) -> None:
    write_new(path, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def read_manifest(path: Path) -> Manifest | str:
    """The manifest, or what is wrong with it."""
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return f"{path.name} is missing"
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return f"{path.name} cannot be read: {error}"
    if manifest.format != FORMAT:
        return (
            f"its format is {manifest.format}, this faxgw knows {FORMAT}: use the faxgw that made it ({manifest.faxgw})"
        )
    return manifest
