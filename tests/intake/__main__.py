"""Plays as many faxed-back sheets as wanted and prints the account: `python -m tests.intake --cases 5000`."""

import argparse
import sys

from tests.intake.cases import Account, judge, make_case, send


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--first-seed", type=int, default=1_000_000)
    asked = parser.parse_args()
    account = Account()
    for seed in range(asked.first_seed, asked.first_seed + asked.cases):
        case = make_case(seed, (98, 196)[seed % 2])
        judge(case, send(case), account)
    print(account)
    print(f"seeds accepted wrongly: {account.wrong}; clear sheets not read as marked: {account.unread}")
    return 1 if account.wrong or account.codes_read < account.cases else 0


if __name__ == "__main__":
    sys.exit(main())
