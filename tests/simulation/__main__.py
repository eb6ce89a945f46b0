"""`python -m tests.simulation --seeds 200`: plays that many days on all processors and prints the account."""

import argparse
import os
import sys
import time

from tests.simulation.run import Failed, account_of, play_days


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many days (default %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default %(default)s)")
    parser.add_argument("--seed", type=int, default=os.environ.get("FAXGW_SIM_SEED"), help="play this one only")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    started = time.perf_counter()
    days = play_days([options.seed] if options.seed is not None else seeds)
    for day in days:
        if isinstance(day, Failed):
            print(f"seed {day.seed} failed; play it again with FAXGW_SIM_SEED={day.seed}\n{day.trace}")
    print(f"{account_of(days)}, {time.perf_counter() - started:.0f} s")
    return 1 if any(isinstance(day, Failed) for day in days) else 0


if __name__ == "__main__":
    sys.exit(main())
