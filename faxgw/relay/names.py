"""What messages are called by what follows from them: the faxes they cause, and the sheets that answer them."""

import hashlib

from faxgw.message import RelayMessage

REF_CHARS = 6
"""Of hex: enough to tell the few questions of one order apart, and short in a code."""


def name_of(message: RelayMessage) -> str:
    """32 hex digits, the same whenever the message is decided."""
    source = message.source
    named = "\n".join((source.channel.value, source.reference, message.key))
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def ref_of(message: RelayMessage) -> str:
    """By which an answer names it."""
    return name_of(message)[:REF_CHARS]
