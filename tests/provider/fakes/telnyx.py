"""The wire of Telnyx Programmable Fax v2, as its reference has it, over the books of a simulated carrier."""

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from faxgw.clock import SystemClock
from faxgw.provider.mishaps import Call
from faxgw.provider.switchboard import Switchboard, Taken
from tests.provider.fakes.carrier import Asked, HandedIn, Request, Response, Webhook
from tests.provider.fakes.form import read_form

API_KEY: Final = "KEY0123-invented"
CONNECTION_ID: Final = "1293384261075731499"
FROM_NUMBER: Final = "+33199000099"
PAGE_SIZE_MAX: Final = 2
"""Less than anybody asks for, so that lists have pages."""

REASONS: Final = {
    Call.BUSY: "user_busy",
    Call.NO_ANSWER: "receiver_no_answer",
    Call.BAD_NUMBER: "receiver_unallocated_number",
    Call.NO_FAX: "fax_initial_communication_timeout",
    Call.REJECTED: "receiver_decline",
    Call.NETWORK: "destination_unreachable",
    Call.PROTOCOL: "receiver_call_dropped",
    Call.PAGE: "fax_signaling_error",
    Call.IN_DOUBT: "fax_signaling_error",
}


class TelnyxWire:
    """One account with one fax application."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board
        self._private_key = Ed25519PrivateKey.generate()
        self.media: dict[str, bytes] = {}
        """What went up, by the name it was given."""
        self.orders: list[dict[str, Any]] = []
        """The requests for a fax, as they were read."""

    @property
    def doors(self) -> Sequence[str]:
        return ("api",)

    @property
    def public_key(self) -> str:
        """As the portal shows it."""
        raw = self._private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(raw).decode()

    def read(self, request: Request) -> HandedIn | Asked | Response:
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            return complaint(401, "10009")
        match request.method, request.path.removeprefix("/v2").split("/")[1:]:
            case "POST", ["media"]:
                return self._keep_media(request)
            case "POST", ["faxes"]:
                return self._order(request)
            case "GET", ["faxes"]:
                return Asked(lambda: self._list(request.query))
            case "GET", ["faxes", fax_id]:
                return Asked(lambda: self._show(fax_id))
            case _:
                return complaint(404, "10005")

    def confirm(self, fax: Taken, door: str) -> Response:
        return answer(202, {"data": self._resource(fax)})

    def webhook(self, fax: Taken, *, is_final: bool) -> Webhook | None:
        ended = {"delivered": "fax.delivered", "failed": "fax.failed"}.get(fax.status, "fax.queued")
        return self.event(fax, ended) if is_final else self.event(fax, "fax.sending.started")

    def event(self, fax: Taken, event_type: str) -> Webhook:
        status = event_type.removeprefix("fax.")
        outcome: dict[str, Any] = {}
        if status == "delivered":
            outcome = {"page_count": fax.pages_delivered, "call_duration_secs": 42}
        elif status == "failed":
            outcome = {"failure_reason": REASONS[fax.play.call], "call_duration_secs": 7}
        payload = {
            "fax_id": fax.id,
            "connection_id": CONNECTION_ID,
            "client_state": state_of(fax),
            "direction": "outbound",
            "from": FROM_NUMBER,
            "to": fax.number,
            "status": status,
            "user_id": "19a75cea-02c6-4b9a-84fa-c9bc8341feb8",
            **outcome,
        }
        data = {
            "id": f"evt-{fax.id}-{status}",
            "event_type": event_type,
            "occurred_at": iso(fax.ended_at or fax.taken_at),
            "record_type": "event",
            "payload": payload,
        }
        return self.sign(msgspec.json.encode({"data": data, "meta": {"attempt": 1, "delivered_to": "https://x/"}}))

    def sign(self, body: bytes, timestamp: int | None = None) -> Webhook:
        """A webhook of this account with any body."""
        at = str(timestamp if timestamp is not None else int(SystemClock().now()))
        signature = self._private_key.sign(at.encode() + b"|" + body)
        headers = {
            "telnyx-timestamp": at,
            "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
            "content-type": "application/json",
        }
        return headers, body

    def _keep_media(self, request: Request) -> Response:
        form = read_form(request)
        name = f"media-{len(self.media) + 1}"
        self.media[name] = form["media"]
        assert int(form["ttl_secs"]) > 0
        return answer(200, {"data": {"media_name": name, "content_type": "application/pdf"}})

    def _order(self, request: Request) -> HandedIn | Response:
        order = msgspec.json.decode(request.body)
        self.orders.append(order)
        if not re.fullmatch(r"\+[1-9]\d{6,14}", order["to"]):
            return complaint(422, "10016", "/to")
        if order["connection_id"] != CONNECTION_ID:
            return complaint(422, "10015", "/connection_id")
        if order["media_name"] not in self.media:
            return complaint(422, "10015", "/media_name")
        reference = base64.b64decode(order["client_state"], validate=True).decode()
        return HandedIn(reference, order["to"], self.media[order["media_name"]])

    def _show(self, fax_id: str) -> Response:
        fax = self._board.by_id.get(fax_id)
        return complaint(404, "10005") if fax is None else answer(200, {"data": self._resource(fax)})

    def _list(self, query: dict[str, str]) -> Response:
        since = datetime.fromisoformat(query["filter[created_at][gte]"]).timestamp()
        assert query["filter[direction][eq]"] == "outbound"
        found = [
            fax
            for fax in reversed(self._board.by_id.values())
            if fax.number == query["filter[to][eq]"] and fax.taken_at >= since
        ]
        size, number = min(int(query["page[size]"]), PAGE_SIZE_MAX), int(query["page[number]"])
        meta = {
            "page_number": number,
            "page_size": size,
            "total_pages": -(-len(found) // size),
            "total_results": len(found),
        }
        some = found[(number - 1) * size : number * size]
        return answer(200, {"data": [self._resource(fax) for fax in some], "meta": meta})

    def _resource(self, fax: Taken) -> dict[str, Any]:
        """A fax as GET has it: without pages and seconds, which only events tell."""
        status = {"delivered": "delivered", "failed": "failed"}.get(fax.status, "sending")
        return {
            "record_type": "fax",
            "id": fax.id,
            "connection_id": CONNECTION_ID,
            "direction": "outbound",
            "from": FROM_NUMBER,
            "to": fax.number,
            "status": status,
            "quality": "high",
            "client_state": state_of(fax),
            "failure_reason": REASONS[fax.play.call] if status == "failed" else None,
            "created_at": iso(fax.taken_at),
            "updated_at": iso(fax.ended_at or fax.taken_at),
        }


def state_of(fax: Taken) -> str:
    return base64.b64encode(fax.reference.encode()).decode()


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def answer(status: int, words: object) -> Response:
    headers = {"Content-Type": "application/json", "x-ratelimit-limit": "100", "x-ratelimit-remaining": "99"}
    return Response(status, msgspec.json.encode(words), headers)


def complaint(status: int, code: str, pointer: str = "") -> Response:
    error = {"code": code, "title": "invented", "source": {"pointer": pointer}}
    return answer(status, {"errors": [error]})
