"""What an answer's status says of a fax whichever carrier gave it, and what one comes to whose sending got none.

Each carrier's file reads the statuses that it documents and leaves the others to these.
"""

from typing import Final, assert_never

from faxgw.fax import Failure
from faxgw.provider.http import Answer, NotAnswered, NotSent, retry_after_seconds
from faxgw.provider.port import Refused, Unclear, Unsent

NOT_LET_IN: Final = frozenset({401, 403, 404, 405})
"""An address or an account that the carrier does not know: ours to mend, and nobody took the fax."""


def refusal_of(answer: Answer, now: float, *, documents_503: bool = False) -> Refused | Unclear:
    """What a fax handed over has come to by an answer that is neither success nor a complaint about the fax.

    Behind a 500, 502 or 504 the fax may have been taken before something broke, hence `Unclear`. So it may be behind a
    503 that tells no time to come again: proxies say it, too, when they lost the carrier while they waited for its
    answer. `documents_503` where the carrier's own documentation has it as a refusal.
    """
    wait_seconds = retry_after_seconds(answer, now)
    match answer.status:
        case status if status in NOT_LET_IN:
            return Refused(Failure.ACCOUNT, str(status))
        case 429:
            return Refused(Failure.CAPACITY, "429", wait_seconds)
        case 503 if documents_503 or wait_seconds is not None:
            return Refused(Failure.CAPACITY, "503", wait_seconds)
        case status:
            return Unclear(f"answered with {status}")


def not_handed_over(exchange: NotSent | NotAnswered) -> Unsent | Unclear:
    """What a fax has come to whose sending got no answer."""
    match exchange:
        case NotSent():
            return Unsent(exchange.reason)
        case NotAnswered():
            return Unclear(exchange.reason)
        case _:
            assert_never(exchange)
