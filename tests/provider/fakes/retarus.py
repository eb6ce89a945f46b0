"""Retarus as it is documented: one address that takes faxes, two data centres that each know their own.

Facts from https://docs.retarus.com/fax/definitions and https://docs.retarus.com/fax/http-status-push. Questions at
the address for faxes are answered as wrong, so that an adapter which asks there finds nothing.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape

import msgspec

from faxgw.provider.basic import authorization
from faxgw.provider.mishaps import Call
from faxgw.provider.switchboard import Switchboard, Taken
from tests.provider.fakes.carrier import Asked, HandedIn, Request, Response, Webhook

LOGIN: Final = "flowers@example.com"
PASSWORD: Final = "retarus password"  # noqa: S105 - made up.
PUSH_SECRET: Final = "the secret of pushes"  # noqa: S105 - made up.
CUSTOMER: Final = "99999TE"
CENTRES: Final = ("de1", "de2")
LIST_MAX: Final = 1_000

CODES: Final = {
    Call.DELIVERED: "OK",
    Call.BUSY: "BUSY",
    Call.NO_ANSWER: "RING_TO",
    Call.BAD_NUMBER: "WRONG_NO",
    Call.NO_FAX: "NOFAX",
    Call.REJECTED: "BLACKLIST",
    Call.NETWORK: "DIAL_GF",
    Call.PROTOCOL: "FANS_GF",
    Call.PAGE: "PAGE_SEND_ERR",
    Call.IN_DOUBT: "EOD_FAILED",
}


@dataclass
class RetarusWire:
    board: Switchboard
    pushes_json: bool = False
    knows_duplicates: bool = False
    """It answers 409 to a reference that it has."""
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was ordered under each reference, last."""

    @property
    def doors(self) -> Sequence[str]:
        return ("ha", *CENTRES)

    def read(self, request: Request) -> HandedIn | Asked | Response:
        if request.headers.get("authorization") != authorization(LOGIN, PASSWORD):
            return Response(401)
        match request.method, request.path:
            case "POST", path if path == f"/rest/v1/{CUSTOMER}/fax":
                return self._read_job(request)
            case "GET", path if path == f"/rest/v1/{CUSTOMER}/fax/reports" and request.door in CENTRES:
                return Asked(lambda: self._list(request.door))
            case "POST", path if path == f"/rest/v1/{CUSTOMER}/fax/reports" and request.door in CENTRES:
                return Asked(lambda: self._report_many(request))
            case _:
                return Response(404)

    def confirm(self, fax: Taken, door: str) -> Response:
        return _json(201, {"jobId": fax.id})

    def webhook(self, fax: Taken, *, is_final: bool) -> Webhook | None:
        options = self.jobs[fax.reference].get("statusReportOptions")
        if options is None:
            return None
        push = options["httpStatusPush"]
        assert push["authMethod"] == "HTTP_BASIC"
        assert options["reportPurgeTs"].endswith("Z")
        recipient = _recipient(fax) if is_final else {"number": fax.number, "status": "PENDING", "reason": "PENDING"}
        headers = {"authorization": authorization(push["principal"], push["credentials"])}
        if self.pushes_json:
            body = msgspec.json.encode({"jobId": fax.id, "recipientStatus": [recipient], "pages": fax.pages})
            return headers | {"content-type": "application/json"}, body
        return headers | {"content-type": "text/xml"}, xml_push(fax.id, recipient, fax.pages, push["targetUrl"])

    def centre_of(self, fax: Taken) -> str:
        return CENTRES[int(fax.id[-1]) % len(CENTRES)]

    def _read_job(self, request: Request) -> HandedIn | Response:
        job = msgspec.json.decode(request.body)
        [recipient], [document] = job["recipients"], job["documents"]
        reference, number, name = job["reference"]["customerDefinedId"], recipient["number"], document["name"]
        try:
            content = base64.b64decode(document["data"], validate=True)
        except binascii.Error:
            return Response(400)
        is_right = (
            re.fullmatch(r"(\+|00)[1-9][0-9]{4,14}", number)
            and re.fullmatch(r"[a-zA-Z0-9_.-]{1,28}\.pdf", name)
            and content.startswith(b"%PDF-")
            and re.fullmatch(r"PT[1-9][0-9]*M", job["meta"]["jobValid"]["end"])
        )
        if not is_right:
            return Response(400)
        if self.knows_duplicates and reference in self.board.by_reference:
            return Response(409)
        self.jobs[reference] = job
        return HandedIn(reference, number, content)

    def _list(self, door: str) -> Response:
        over = [fax for fax in self.board.by_id.values() if self.centre_of(fax) == door and fax.ended_at is not None]
        return _json(200, {"reports": [self._report(fax) for fax in over[:LIST_MAX]]}) if over else Response(404)

    def _report_many(self, request: Request) -> Response:
        wanted = msgspec.json.decode(request.body)
        if wanted["action"].upper() != "GET" or len(wanted["jobIds"]) > LIST_MAX:
            return Response(400)
        known = [self.board.by_id[each] for each in wanted["jobIds"] if each in self.board.by_id]
        own = [fax for fax in known if self.centre_of(fax) == request.door]
        return _json(200, {"reports": [self._report(fax) for fax in own]}) if own else Response(404)

    def _report(self, fax: Taken) -> dict[str, Any]:
        return {
            "jobId": fax.id,
            "recipientStatus": [_recipient(fax)],
            "pages": fax.pages,
            "reference": {"customerDefinedId": fax.reference, "billingCode": None, "billingInfo": None},
        }


def _recipient(fax: Taken) -> dict[str, Any]:
    if fax.ended_at is None:
        return {"number": fax.number, "status": "PENDING", "reason": "PENDING"}
    code = CODES[fax.play.call]
    return {
        "number": fax.number,
        "properties": None,
        "status": "OK" if code == "OK" else "FAILED",
        "reason": code,
        "sentTs": "2026-11-08T15:38:08Z",
        "durationInSecs": 26,
        "sentToNumber": fax.number.replace("+", "00"),
        "remoteCsid": "+33/1/99001234",
    }


def xml_push(job_id: str, recipient: dict[str, Any], pages: int, target_url: str) -> bytes:
    """As the documentation shows a push."""
    told = "".join(
        f"<{name}>{escape(str(value))}</{name}>"
        for name, value in {**recipient, "numId": "FNIJPNJYNA06EDIJNFUO1Q"}.items()
        if value is not None
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<faxJobReport xmlns="http://retarus.com/fax4ba/faxws/3/0">\n'
        f"<jobId>{job_id}</jobId>\n<reportMail><successAddress></successAddress></reportMail>\n"
        f"<httpStatusPush><url>{escape(target_url)}</url><authMethod>HTTP_BASIC</authMethod></httpStatusPush>\n"
        f"<faxRecipient>{told}</faxRecipient>\n<document><name>fax.pdf</name><isText>false</isText></document>\n"
        f"<pages>{pages}</pages>\n</faxJobReport>\n"
    ).encode()


def _json(status: int, told: object) -> Response:
    return Response(status, msgspec.json.encode(told), {"Content-Type": "application/json"})
