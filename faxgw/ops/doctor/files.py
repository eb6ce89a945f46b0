"""Who may read secrets, the store and the socket."""

import stat
from pathlib import Path

from faxgw.ops.doctor.finding import Finding, fail, ok, skip, warn

OTHERS = stat.S_IRWXO
GROUP_WRITES = stat.S_IWGRP
SECRETS, STATE_DIR, SOCKET = "secrets", "state directory", "socket"


def look_at_secrets(places: list[Path]) -> Finding:
    """`places` can all be read; whether they hold something is the config's check."""
    return judge_secrets({place: stat.S_IMODE(place.stat().st_mode) for place in places})


def judge_secrets(modes: dict[Path, int]) -> Finding:
    loose = [str(place) for place, mode in modes.items() if mode & (OTHERS | GROUP_WRITES)]
    if loose:
        return fail(SECRETS, f"others may read or change {', '.join(loose)}", f"chmod 600 {' '.join(loose)}")
    return ok(SECRETS, f"{len(modes)} read, none open to others") if modes else skip(SECRETS, "the config names none")


def look_at_state_dir(folder: Path) -> Finding:
    if not folder.is_dir():
        return skip(STATE_DIR, f"{folder} is not there yet; the daemon makes it")
    return judge_state_dir(folder, stat.S_IMODE(folder.stat().st_mode))


def judge_state_dir(folder: Path, mode: int) -> Finding:
    if mode & OTHERS:
        advice = f"chmod o-rwx {folder}; under systemd: StateDirectoryMode=0750"
        return warn(
            STATE_DIR, f"every user of this machine may look into {folder}: it holds customers' addresses", advice
        )
    return ok(STATE_DIR, f"{folder} is closed to others ({mode:03o})")


def look_at_socket(path: Path, wanted: int) -> Finding:
    if not path.exists():
        return skip(SOCKET, f"{path} is not there: no daemon listens")
    found = path.stat().st_mode
    if not stat.S_ISSOCK(found):
        return fail(SOCKET, f"{path} is no socket", "move the file away, or set another api.socket")
    return judge_socket(path, stat.S_IMODE(found), wanted)


def judge_socket(path: Path, mode: int, wanted: int) -> Finding:
    if mode & OTHERS:
        return warn(SOCKET, f"every user of this machine may hand in orders at {path}", 'api.socket_mode = "660"')
    if mode != wanted:
        return warn(SOCKET, f"{path} has mode {mode:03o} and not {wanted:03o}", "restart the daemon: it sets the mode")
    return ok(
        SOCKET, f"{path} is open to its owner and group only ({mode:03o})" if mode & 0o070 else f"{path} ({mode:03o})"
    )
