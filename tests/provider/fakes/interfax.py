"""InterFAX as it is documented, with what others saw of it: a fax's `subject` is the reference that it was sent with.

Facts from https://www.interfax.net/en-au/node/10614 (search) and the pages beside it. Its search finds references by
their beginnings here, which is not documented and would be the worse of the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from faxgw.provider.basic import authorization
from faxgw.provider.mishaps import Call
from faxgw.provider.switchboard import Switchboard, Taken
from tests.provider.fakes.carrier import Asked, HandedIn, Request, Response, Webhook

LOGIN: Final = "flowers"
PASSWORD: Final = "interfax password"  # noqa: S105 - made up.
CALLBACK_PASSWORD: Final = "the password of callbacks"  # noqa: S105 - made up.
FIRST_ID: Final = 1_727_669_000
LIMIT_DEFAULT: Final = 25
ADDRESS_LENGTH_MAX: Final = 2_000

STATUSES: Final = {
    Call.DELIVERED: 0,
    Call.BUSY: 6017,
    Call.NO_ANSWER: 6018,
    Call.BAD_NUMBER: 6001,
    Call.NO_FAX: 3936,
    Call.REJECTED: 6021,
    Call.NETWORK: 6038,
    Call.PROTOCOL: 3211,
    Call.PAGE: 3230,
    # The same number as for a page that broke off; only the pages tell that all went out.
    Call.IN_DOUBT: 3230,
}


@dataclass
class InterfaxWire:
    board: Switchboard
    has_credit: bool = True
    can_cancel: bool = True
    cancelled: list[str] = field(default_factory=list)
    """Ids, as it writes them."""
    wishes: list[dict[str, str]] = field(default_factory=list)
    """What was asked for with each fax."""

    @property
    def doors(self) -> Sequence[str]:
        return ("rest",)

    def read(self, request: Request) -> HandedIn | Asked | Response:
        if request.headers.get("authorization") != authorization(LOGIN, PASSWORD):
            return Response(401)
        match request.method, request.path.split("/")[1:]:
            case "POST", ["outbound", "faxes"]:
                return self._read_fax(request)
            case "GET", ["outbound", "search"]:
                return Response(414) if _is_too_long(request) else Asked(lambda: self._search(request.query))
            case "POST", ["outbound", "faxes", fax_id, "cancel"]:
                return self._cancel(fax_id) if "content-length" in request.headers else Response(411)
            case _:
                return Response(404)

    def confirm(self, fax: Taken, door: str) -> Response:
        return Response(201, headers={"Location": f"https://rest.interfax.net/outbound/faxes/{id_of(fax)}"})

    def webhook(self, fax: Taken, *, is_final: bool) -> Webhook | None:
        told = self._told(fax)
        form = {
            "TransactionIDType": "Outbound",
            "TransactionID": told["id"],
            "Status": told["status"] if is_final else -3,
            "Subject": told["subject"],
            "PagesSent": told["pagesSent"],
            "PagesSubmitted": told["pagesSubmitted"],
            "Duration": told["duration"],
            "TrialsPerformed": told["attemptsMade"],
            "DestinationFax": fax.number,
            "CompletionTime": "08/11/2026 15:38:08",
            "RemoteCSID": "",
        }
        headers = {
            "authorization": authorization("faxgw", CALLBACK_PASSWORD),
            "content-type": "application/x-www-form-urlencoded",
        }
        return headers, urlencode(form).encode()

    def _read_fax(self, request: Request) -> HandedIn | Response:
        wishes = request.query
        if not wishes.get("faxNumber", "").startswith("+"):
            return _json(400, {"code": -112, "message": "FaxNumber parameter is null or empty", "moreInfo": None})
        if request.headers.get("content-type") != "application/pdf" or not request.body.startswith(b"%PDF-"):
            return Response(415)
        if len(wishes["reference"]) > 60 or _is_too_long(request):
            return _json(400, {"code": -1004})
        self.wishes.append(wishes)
        return HandedIn(wishes["reference"], wishes["faxNumber"], request.body)

    def _search(self, query: dict[str, str]) -> Response:
        found = list(self.board.by_id.values())
        if ids := query.get("ids"):
            found = [fax for fax in found if id_of(fax) in ids.split(",")]
        if reference := query.get("reference"):
            found = [fax for fax in found if fax.reference.startswith(reference)]
        return _json(200, [self._told(fax) for fax in found][: int(query.get("limit", LIMIT_DEFAULT))])

    def _cancel(self, fax_id: str) -> Response:
        if not self.can_cancel:
            return Response(500)
        self.cancelled.append(fax_id)
        return Response(200)

    def _told(self, fax: Taken) -> dict[str, Any]:
        is_over = fax.ended_at is not None
        waiting = -3 if self.has_credit else -22
        return {
            "id": int(id_of(fax)),
            "uri": f"https://rest.interfax.net/outbound/faxes/{id_of(fax)}",
            "status": STATUSES[fax.play.call] if is_over else waiting,
            "subject": fax.reference,
            "destinationFax": fax.number,
            "pagesSubmitted": fax.pages,
            "pagesSent": fax.pages_arrived,
            "attemptsToPerform": 1,
            "attemptsMade": 1 if is_over else 0,
            "completionTime": "2026-11-08T15:38:08" if is_over else "0001-01-01T00:00:00",
            "duration": 26,
            "pageHeader": None,
        }


def _is_too_long(request: Request) -> bool:
    return len(request.path) + 1 + len(urlencode(request.query)) > ADDRESS_LENGTH_MAX


def id_of(fax: Taken) -> str:
    """Ten digits."""
    return str(FIRST_ID + int(fax.id[2:]))


def _json(status: int, told: object) -> Response:
    return Response(status, msgspec.json.encode(told), {"Content-Type": "application/json"})
