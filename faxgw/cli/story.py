"""Tells events in sentences, for whoever has to understand a fax's story at three in the morning."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from faxgw.cli.screen import age_text, class_text, clock_text, counted

Data = dict[str, Any]


def tell(event: dict[str, Any]) -> str:
    """One event in words; one whose kind is not known here with all its details."""
    data: Data = event["data"]
    teller = _TELLERS.get(event["kind"])
    try:
        told = teller(data) if teller else f"{event['kind']} {data_text(data)}".rstrip()
    except KeyError:
        # Written by another version of faxgw: nothing of it may be hidden.
        told = f"{event['kind']} {data_text(data)}".rstrip()
    return told + _by(data)


def data_text(data: Data) -> str:
    """An event's details as `name value` pairs; moments, which names tell by their `_at`, as local time."""
    return ", ".join(f"{name} {_value_text(name, value)}" for name, value in data.items() if value not in ("", None))


def _value_text(name: str, value: Any) -> str:
    if name.endswith("_at") and isinstance(value, int | float):
        return _clock(value)
    if isinstance(value, dict):
        return " ".join(f"{key} {each}" for key, each in value.items())
    return str(value)


def _clock(at: float) -> str:
    return clock_text(dt.datetime.fromtimestamp(at, dt.UTC).isoformat())


def _by(data: Data) -> str:
    if not data.get("who"):
        return ""
    return f" by {data['who']}" + (f": {data['why']}" if data.get("why") else "")


def _accepted(data: Data) -> str:
    if "retry_of" in data:
        return f"accepted as a retry of fax {data['retry_of']}"
    if "copy_of" in data:
        return f"accepted as a copy of fax {data['copy_of']}"
    boxes = (f"{counted(count, 'character')} of {field.strip('/')}" for field, count in data.get("boxes", {}).items())
    return "accepted" + (f"; printed as boxes: {', '.join(boxes)}" if data.get("boxes") else "")


def _words(code: Any) -> str:
    return f" ({code})" if code else ""


def _sending(data: Data) -> str:
    others = ", ".join(str(fax_id) for fax_id in data.get("in_call_with", ()))
    return f"attempt {data['attempt']}: given to {data['provider']}" + (
        f", in one call with {others}" if others else ""
    )


def _delivered(data: Data) -> str:
    if "pages" not in data:
        # A fax that was restored from a backup may have gone out in an attempt that nobody here knows of.
        return f"delivered in attempt {data['attempt']}, as found out" if data["attempt"] else "delivered, as found out"
    seconds = data["call_seconds"]
    call = f" in a call of {age_text(seconds)}" if seconds is not None else ""
    return f"delivered: {counted(data['pages'], 'page')}{call}"


def _retry(data: Data) -> str:
    again = f"; again at {_clock(data['due_at'])}" if data.get("due_at") else ""
    return f"attempt {data['attempt']}: {data['failure']}{_words(data['code'])}{again}"


def _rerouted(data: Data) -> str:
    return f"rerouted from {data['from']} to {data['to']}" + (f", member {data['member']}" if "member" in data else "")


def _routed(data: Data) -> str:
    where = "in its area" if data.get("in_area") else f"{data['km']} km away" if "km" in data else "for its country"
    rivals = counted(data["rivals"], "other")
    return f"routed to member {data['member']}: {where}, {data['points']} points, {rivals} might have had it"


def _contradicted(data: Data) -> str:
    said = f"{data['failure']}{_words(data['code'])}" if "failure" in data else "delivered"
    return f"the carrier says of attempt {data['attempt']}: {said}; too late, a person must look"


def _stopped(data: Data) -> str:
    until = f" until {_clock(data['until_at'])}" if data.get("until_at") else ""
    return f"{data['scope']} {data['name']}".rstrip() + f" suspended{until}"


_TELLERS: dict[str, Callable[[Data], str]] = {
    "accepted": _accepted,
    "sending": _sending,
    "submitted": lambda data: f"attempt {data['attempt']}: the carrier has it as {data['provider_ref']}",
    "in_doubt": lambda data: f"attempt {data['attempt']} is in doubt: {data['reason']}",
    "retry": _retry,
    "failed": lambda data: f"failed: {data['failure']}{_words(data['code'])}",
    "delivered": _delivered,
    "contradicted": _contradicted,
    "set_aside": lambda data: f"set aside: {data['reason']}",
    "expired": lambda _: "expired: its deadline passed",
    "held": lambda _: "held",
    "released": lambda _: "released",
    "cancelled": lambda _: "cancelled",
    "priority": lambda data: f"class {class_text(data['from'])} -> {class_text(data['to'])}",
    "routed": _routed,
    "rerouted": _rerouted,
    "retried": lambda data: f"retried as fax {data['as']}",
    "copied": lambda data: f"copied as fax {data['as']}",
    "suspended": _stopped,
    "resumed": lambda data: f"{data['scope']} {data['name']}".rstrip() + " resumed",
}
