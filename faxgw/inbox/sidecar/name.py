"""What a file's name tells, by the pattern of its inbox; such as Concord's message, time, caller, called, pages."""

import re

from faxgw.inbox.sidecar.told import Told, told_by


def told_by_name(name: str, pattern: re.Pattern[str] | None, timezone: str) -> Told:
    """The pattern's groups as words; a name that does not fit tells nothing."""
    found = pattern.search(name) if pattern else None
    words = {group: text for group, text in (found.groupdict() if found else {}).items() if text}
    return told_by(words, {}, timezone)
