"""Makes a backup and ends at one of its steps as by a power cut: `python -m tests.backup.crash STATE TARGET STEP`."""

import os
import sys
from itertools import count
from pathlib import Path

from faxgw.crashpoint import EXIT_CRASHED
from faxgw.store.backup.making import Progress
from tests.backup.shop import back_up

state_dir, target, crash_at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
steps = count(1)


def crash(_: Progress) -> None:
    if next(steps) == crash_at:
        os._exit(EXIT_CRASHED)


back_up(state_dir, target, crash)
