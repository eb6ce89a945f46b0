"""Reads the forms that adapters send, with the standard library's own parser of MIME."""

from email.message import Message
from email.parser import BytesParser

from tests.provider.fakes.carrier import Request


def read_form(request: Request) -> dict[str, bytes]:
    """Fields by name; each stands once."""
    whole = b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n" + request.body
    message = BytesParser().parsebytes(whole)
    assert message.is_multipart()
    fields: dict[str, bytes] = {}
    for part in message.walk():
        if part is not message:
            name = _name_of(part)
            assert name not in fields, f"{name} stands twice"
            fields[name] = _content_of(part)
    return fields


def _name_of(part: Message) -> str:
    name = part.get_param("name", header="content-disposition")
    assert isinstance(name, str)
    return name


def _content_of(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content
