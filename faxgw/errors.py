"""Errors named by who must act: the caller, the outside, the operator, or us.

Expected outcomes (a busy line, a refused order) are values, not errors; see `order.py`, `fax.py`
and `provider/port.py`.
"""


class FaxgwError(Exception):
    """The root of all errors that faxgw raises on purpose."""


class OperatorError(FaxgwError):
    """The operator must act: a wrong config, a missing file, a socket that is taken."""


class ConfigError(OperatorError):
    """The config cannot be used; the message names the file, the key and what to write instead."""


class StoreFullError(FaxgwError):
    """The disk is full: nothing was written. Accepting and sending pause until a write works again."""


class StoreFailedError(FaxgwError):
    """The disk failed in the middle of a commit, so nobody knows what is durable; the process must end.

    SQLite may show the old rows and have written the new ones all the same. Only a fresh start reads
    the truth, hence no caller may catch this and go on.
    """


class StoreBusyError(FaxgwError):
    """More writes wait than the config allows; the caller should try again later."""


class QueueFullError(StoreBusyError):
    """As many faxes wait to be sent as the config allows; nothing was taken, and what waits goes on."""


class BugError(FaxgwError):
    """We must act: a state that the design holds impossible was seen."""
