"""The form that hands a fax over to Sinch, and the address at which Sinch tells us what became of it; pure."""

import msgspec

from faxgw.config.sinch import SinchConfig
from faxgw.fax import ClientRef
from faxgw.provider.basic import Porter
from faxgw.provider.http import Part, form_data
from faxgw.provider.port import Sending
from faxgw.provider.sinch.words import LABEL


def write_form(own: SinchConfig, sending: Sending, porter: Porter | None) -> tuple[bytes, str]:
    """Body and content type. One call and no more: the retries are ours."""
    fields = {
        "to": sending.line,
        "from": own.from_number,
        "serviceId": own.service_id,
        "maxRetries": "0",
        "imageConversionMethod": "MONOCHROME",
        "resolution": "FINE",
        "headerText": own.header_text,
        **_callback(own, sending.client_ref, porter),
    }
    parts = [Part(name, value.encode()) for name, value in fields.items() if value]
    # What is no plain text goes into a form as JSON (OpenAPI 3, "Encoding Object"); Sinch's examples show no labels.
    labels = Part("labels", msgspec.json.encode({LABEL: sending.client_ref}), "application/json")
    return form_data([*parts, labels, Part("file", sending.document, "application/pdf", "fax.pdf")])


def _callback(own: SinchConfig, client_ref: ClientRef, porter: Porter | None) -> dict[str, str]:
    if porter is None:
        return {}
    # References and passwords have letters, digits, - and _ alone: nothing in them has to be escaped.
    scheme, _, place = own.webhook_url.partition("://")
    url = f"{scheme}://{client_ref}:{porter.password_of(client_ref)}@{place}"
    return {"callbackUrl": url, "callbackUrlContentType": "application/json"}
