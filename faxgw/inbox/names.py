"""What a file's name tells: whether it is under way, who claimed it, which fax and page it is; pure."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

_CLAIM = ".faxgw-"
NAME_BYTES_MAX = 255
"""Of a file's name on the file systems that servers stand on (NAME_MAX of Linux)."""
_CLAIMED = re.compile(r"(?P<name>.+)\.faxgw-(?P<owner>[a-z0-9]{1,32})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Claim:
    """A file's own name, and which gateway put its mark on it."""

    name: str
    owner: str


def readable(name: str) -> str:
    """A server's name for people and the store: UTF-8, or Latin-1 where it is not that."""
    return name.encode("utf-8", "surrogateescape").decode("latin-1") if _has_escapes(name) else name


def _has_escapes(name: str) -> bool:
    return any("\udc80" <= sign <= "\udcff" for sign in name)


def claimed_name(name: str, owner: str) -> str:
    """The name with our mark on it; as it is where no file system has room for both, so that it is taken unclaimed."""
    # Behind the name and in sight: servers leave files that begin with a dot out of their lists, and a claim must be
    # found again after a crash.
    claimed = f"{name}{_CLAIM}{owner}"
    return claimed if len(claimed.encode("utf-8", "surrogateescape")) <= NAME_BYTES_MAX else name


def claim_in(name: str) -> Claim | None:
    found = _CLAIMED.fullmatch(name)
    return Claim(found["name"], found["owner"]) if found else None


def owner_from(identity: str) -> str:
    """A gateway's mark: what of its identity fits into a file's name on any server."""
    return re.sub("[^a-z0-9]", "", identity.lower())[:32] or "gateway"


def sidecar_names(name: str, suffix: str) -> tuple[str, str]:
    """How a fax's sidecar may be called: `fax.idx` or `fax.tif.idx`."""
    return PurePosixPath(name).stem + suffix, name + suffix
