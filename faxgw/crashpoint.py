"""Named steps at which a test ends the daemon as a power cut would, to see what a restart makes of it.

Off, `reach` is a function that does nothing. With FAXGW_CRASH_POINT=name or name:n in the environment the
process leaves at the n-th time the step is reached, without a signal handler, a `finally` or a flush.
docs/reliability.md lists the steps; a test holds the list, the source and what a restart does together.
"""

import os
from collections.abc import Callable
from typing import Final

VARIABLE: Final = "FAXGW_CRASH_POINT"
EXIT_CRASHED: Final = 86
"""Told from every other exit code, so that a test knows that the step was reached."""


def make_reach(setting: str) -> Callable[[str], None]:
    """What `reach` is under that setting; an empty one is off."""
    wanted, _, count = setting.partition(":")
    left = int(count or 1)

    def leave(name: str) -> None:
        nonlocal left
        if name == wanted:
            left -= 1
            if left == 0:
                os._exit(EXIT_CRASHED)

    return leave if wanted else _pass


def _pass(_: str) -> None:
    pass


reach = make_reach(os.environ.get(VARIABLE, ""))
