"""The wire of the Sinch Fax API v3, as its reference has it, over the books of a simulated carrier."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from faxgw.provider.basic import authorization
from faxgw.provider.mishaps import Call
from faxgw.provider.switchboard import Switchboard, Taken
from tests.provider.fakes.carrier import Asked, HandedIn, Request, Response, Webhook
from tests.provider.fakes.form import read_form

PROJECT_ID: Final = "03e2a9a3-invented"
KEY_ID: Final = "7e22dd01-invented"
KEY_SECRET: Final = "not-a-secret-of-anybody"  # noqa: S105 - made up.
PAGE_SIZE_MAX: Final = 2
"""Less than anybody asks for, so that lists have pages."""

ERRORS: Final = {
    Call.BUSY: ("CALL_ERROR", 17),
    Call.NO_ANSWER: ("CALL_ERROR", 16),
    Call.BAD_NUMBER: ("CALL_ERROR", 34),
    Call.NO_FAX: ("FAX_ERROR", 132),
    Call.REJECTED: ("CALL_ERROR", 19),
    Call.NETWORK: ("CALL_ERROR", 15),
    Call.PROTOCOL: ("FAX_ERROR", 28),
    Call.PAGE: ("FAX_ERROR", 60),
    Call.IN_DOUBT: ("FAX_ERROR", 8),
}


class SinchWire:
    """One project."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board
        self.forms: list[dict[str, bytes]] = []
        """What was handed in, as it was read."""
        self._callbacks: dict[str, str] = {}
        self._labels: dict[str, dict[str, str]] = {}

    @property
    def doors(self) -> Sequence[str]:
        return ("api",)

    def read(self, request: Request) -> HandedIn | Asked | Response:
        if request.headers.get("authorization") != authorization(KEY_ID, KEY_SECRET):
            return Response(401)
        match request.method, request.path.removeprefix("/v3").split("/")[1:]:
            case "POST", ["projects", project_id, "faxes"] if project_id == PROJECT_ID:
                return self._hand_in(request)
            case "GET", ["projects", project_id, "faxes"] if project_id == PROJECT_ID:
                return Asked(lambda: self._list(request.query))
            case "GET", ["projects", project_id, "faxes", fax_id] if project_id == PROJECT_ID:
                return Asked(lambda: self._show(fax_id))
            case _:
                return Response(404)

    def confirm(self, fax: Taken, door: str) -> Response:
        return answer(self._fax(fax))

    def webhook(self, fax: Taken, *, is_final: bool) -> Webhook | None:
        """Only that it is over; while it lasts Sinch says nothing."""
        if not is_final:
            return None
        words = {"event": "FAX_COMPLETED", "eventTime": iso(fax.ended_at or 0.0), "fax": self._fax(fax)}
        return self.signed_in(fax.reference), msgspec.json.encode(words)

    def signed_in(self, reference: str) -> dict[str, str]:
        """The headers with which Sinch signs in where it was told to call for that fax."""
        address = urlsplit(self._callbacks[reference])
        assert address.username is not None
        assert address.password is not None
        return {
            "authorization": authorization(address.username, address.password),
            "content-type": "application/json",
        }

    def _hand_in(self, request: Request) -> HandedIn | Response:
        form = read_form(request)
        self.forms.append(form)
        number = form["to"].decode()
        if not number.startswith("+"):
            return refuse("to")
        labels: dict[str, str] = msgspec.json.decode(form["labels"])
        reference = labels["faxgw"]
        self._labels[reference] = labels
        self._callbacks[reference] = form["callbackUrl"].decode()
        assert form["callbackUrlContentType"] == b"application/json"
        return HandedIn(reference, number, form["file"])

    def _show(self, fax_id: str) -> Response:
        fax = self._board.by_id.get(fax_id)
        return Response(404) if fax is None else answer(self._fax(fax))

    def _list(self, query: dict[str, str]) -> Response:
        since = datetime.fromisoformat(query["createTime>"]).timestamp()
        assert query["direction"] == "OUTBOUND"
        found = [
            fax
            for fax in reversed(self._board.by_id.values())
            if fax.number.startswith(query["to"]) and fax.taken_at >= since
        ]
        size, number = min(int(query["pageSize"]), PAGE_SIZE_MAX), int(query["page"])
        some = found[(number - 1) * size : number * size]
        return answer(
            {
                "faxes": [self._fax(fax) for fax in some],
                "pageNumber": number,
                "pageSize": size,
                "totalPages": -(-len(found) // size),
                "totalItems": len(found),
            }
        )

    def _fax(self, fax: Taken) -> dict[str, Any]:
        words: dict[str, Any] = {
            "id": fax.id,
            "direction": "OUTBOUND",
            "to": fax.number,
            "status": {"delivered": "COMPLETED", "failed": "FAILURE"}.get(fax.status, "IN_PROGRESS"),
            "numberOfPages": fax.pages,
            "createTime": iso(fax.taken_at),
            "labels": self._labels[fax.reference],
            "maxRetries": 0,
            "retryCount": 0,
            "callbackUrl": "https://***:***@invented.example/",
            "projectId": PROJECT_ID,
        }
        if fax.ended_at is not None:
            words |= {"completedTime": iso(fax.ended_at), "pagesSentSuccessfully": fax.pages_delivered}
        if fax.status == "failed":
            kind, code = ERRORS[fax.play.call]
            words |= {"errorType": kind, "errorCode": code, "errorMessage": "invented"}
        return words


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def answer(words: object) -> Response:
    return Response(200, msgspec.json.encode(words), {"Content-Type": "application/json"})


def refuse(field: str) -> Response:
    error = {"code": 400, "status": "INVALID_ARGUMENT", "details": [{"fieldViolations": [{"field": field}]}]}
    return Response(400, msgspec.json.encode({"error": error}))
