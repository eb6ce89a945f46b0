"""What Telnyx says of a fax, and what that means in our words; pure.

See https://developers.telnyx.com/api-reference/programmable-fax-commands/send-a-fax, and for the reasons of failures
https://support.telnyx.com/en/articles/4967498-fax-api-error-list.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final

import msgspec

from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.port import Delivered, Fate, InProgress, Listed, NotDelivered, Report
from faxgw.provider.rest import kept_word, seconds_of

FAILURES: Final[Mapping[str, Failure]] = {
    "user_busy": Failure.BUSY,
    "receiver_no_answer": Failure.NO_ANSWER,
    "receiver_no_response": Failure.NO_ANSWER,
    "destination_unreachable": Failure.NETWORK,
    "receiver_communication_error": Failure.NETWORK,
    "receiver_recovery_on_timer_expire": Failure.NETWORK,
    # This account may not ring there, another carrier's may: nothing that the florist has done, and no
    # reason to keep the faxes of all others from this carrier.
    "destination_not_in_countries_whitelist": Failure.NETWORK,
    "destination_not_in_service_plan": Failure.NETWORK,
    "unverified_destination_not_allowed": Failure.NETWORK,
    "fax_initial_communication_timeout": Failure.NO_FAX,
    "receiver_unallocated_number": Failure.BAD_NUMBER,
    "receiver_invalid_number_format": Failure.BAD_NUMBER,
    "destination_invalid": Failure.BAD_NUMBER,
    "receiver_decline": Failure.REJECTED,
    "receiver_call_dropped": Failure.PROTOCOL,
    "receiver_incompatible_destination": Failure.PROTOCOL,
    # Both cover a page that was sent and not confirmed, beside a failed training: nothing tells them apart.
    "fax_signaling_error": Failure.IN_DOUBT,
    "invalid_ecm_response_from_receiver": Failure.IN_DOUBT,
    # "Telnyx to investigate further": a failure for the reason that it went well.
    "success": Failure.IN_DOUBT,
    "file_size_limit_exceeded": Failure.DOCUMENT,
    "page_count_limit_exceeded": Failure.DOCUMENT,
    "file_format_invalid": Failure.DOCUMENT,
    "media_processing_exception": Failure.DOCUMENT,
    # Nothing was dialled: its channels or ours are full, or one of its own services did not answer.
    "connection_channel_limit_exceeded": Failure.CAPACITY,
    "outbound_profile_channel_limit_exceeded": Failure.CAPACITY,
    "user_channel_limit_exceeded": Failure.CAPACITY,
    "file_download_failed": Failure.CAPACITY,
    "service_unavailable": Failure.CAPACITY,
    # The operator's to mend.
    "outbound_profile_daily_spend_limit_exceeded": Failure.ACCOUNT,
    "account_disabled": Failure.ACCOUNT,
    "no_outbound_profile": Failure.ACCOUNT,
    "unverified_origination_number": Failure.ACCOUNT,
}
"""A reason that is not here is new to us: it is retried, counted and shown (`Failure.UNKNOWN_CODE`)."""

RETRIED_WHERE_CONFIGURED: Final = frozenset({"fax_signaling_error", "invalid_ecm_response_from_receiver"})
"""Reasons in doubt that an operator may have treated as failed calls (`retry_signaling_errors`)."""


class Fax(msgspec.Struct, frozen=True):
    """A fax as answers and lists have it. `status` is a plain text, for a word added later is no reason to fail."""

    id: str
    status: str = ""
    to: str = ""
    direction: str | None = None
    connection_id: str | None = None
    client_state: str | None = None
    created_at: datetime | None = None
    failure_reason: str | None = None
    page_count: int | None = None
    call_duration_secs: float | None = None


class Taken(msgspec.Struct, frozen=True):
    """The answer to a fax handed over, or asked for."""

    data: Fax


class Pages(msgspec.Struct, frozen=True):
    page_number: int
    total_pages: int


class FaxList(msgspec.Struct, frozen=True):
    data: list[Fax]
    meta: Pages
    """Without it nobody could say that the list is whole."""


class Media(msgspec.Struct, frozen=True):
    media_name: str


class Uploaded(msgspec.Struct, frozen=True):
    data: Media


class Told(msgspec.Struct, frozen=True):
    """What an event says of its fax."""

    fax_id: str
    status: str = ""
    direction: str | None = None
    client_state: str | None = None
    failure_reason: str | None = None
    page_count: int | None = None
    call_duration_secs: float | None = None


class Event(msgspec.Struct, frozen=True):
    id: Annotated[str, msgspec.Meta(max_length=128)]
    event_type: str
    payload: msgspec.Raw
    """Of another shape for events that are not a fax's."""


class Webhook(msgspec.Struct, frozen=True):
    data: Event


class Source(msgspec.Struct, frozen=True):
    pointer: str = ""


class Complaint(msgspec.Struct, frozen=True):
    code: str = ""
    source: Source | None = None


class Complaints(msgspec.Struct, frozen=True):
    errors: list[Complaint] = []


def name_state(client_ref: ClientRef) -> str:
    """Our reference as Telnyx wants its `client_state`: in base64."""
    return base64.b64encode(client_ref.encode()).decode()


def read_state(client_state: str | None) -> ClientRef | None:
    """Our reference, or None where somebody else wrote that, or nobody anything."""
    try:
        return ClientRef(base64.b64decode(client_state or "", validate=True).decode("ascii")) or None
    except (binascii.Error, ValueError):
        return None


def read_fax(fax: Fax, *, retry_signaling_errors: bool = False) -> Report:
    """A fax that was asked for."""
    fate = read_fate(fax, retry_signaling_errors=retry_signaling_errors)
    return Report(fate, fax.id, read_state(fax.client_state))


def read_listed(fax: Fax, line: Line, *, retry_signaling_errors: bool = False) -> Listed:
    """A fax of the list of what went to `line`."""
    fate = read_fate(fax, retry_signaling_errors=retry_signaling_errors)
    return Listed(fax.id, line, seconds_of(fax.created_at), fate, read_state(fax.client_state))


def read_event(event: Event, told: Told, *, retry_signaling_errors: bool = False) -> Report:
    """What a webhook tells."""
    fate = read_fate(told, retry_signaling_errors=retry_signaling_errors)
    return Report(fate, told.fax_id, read_state(told.client_state), event.id)


def read_fate(fax: Fax | Told, *, retry_signaling_errors: bool) -> Fate:
    match fax.status:
        case "delivered":
            # Only events tell the pages; asked for later, the fax has no count.
            return Delivered(fax.page_count or 0, fax.call_duration_secs)
        case "failed":
            reason = kept_word(fax.failure_reason or "none")
            failure = _read_failure(reason, retry_signaling_errors=retry_signaling_errors)
            return NotDelivered(failure, reason, calls=1, call_seconds=fax.call_duration_secs)
        case _:
            # Queued, processed, originated, sending, and any word that is new to us: not final, so we go on asking.
            return InProgress()


def _read_failure(reason: str, *, retry_signaling_errors: bool) -> Failure:
    if retry_signaling_errors and reason in RETRIED_WHERE_CONFIGURED:
        return Failure.PROTOCOL
    return FAILURES.get(reason, Failure.UNKNOWN_CODE)


def read_complaint(complaints: Complaints, status: int) -> tuple[Failure, str]:
    """Whose fault a refused request is, and Telnyx's own word for it.

    The pages are looked at after the answer, so what is refused at once is the number or something that
    stands in our config, which no other fax of this account would fare better with.
    """
    first = complaints.errors[0] if complaints.errors else Complaint()
    code = f"{status} {kept_word(first.code)}" if first.code else str(status)
    match first.source.pointer.rpartition("/")[2] if first.source is not None else "":
        case "to":
            return Failure.BAD_NUMBER, code
        case "media_name" | "media_url" | "contents":
            return Failure.DOCUMENT, code
        case _:
            return Failure.ACCOUNT, code
