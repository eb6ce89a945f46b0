"""XML beside a fax, or around it: every element with a text, and every attribute, is a word.

A document type is refused: entities that grow to gigabytes come in one, and no carrier's sidecar needs it.
"""

import base64
import binascii
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from faxgw.inbox.sidecar.told import BadSidecar

_TEXT_CHARACTERS_MAX = 4_096
"""Longer ones are a picture."""
_MAGIC = (b"II*\0", b"MM\0*", b"%PDF-")


def read_xml(content: bytes) -> dict[str, str] | BadSidecar:
    root = _root_of(content)
    return root if isinstance(root, BadSidecar) else dict(_words(root))


def picture_in(content: bytes) -> bytes | None:
    """The fax itself, where the XML carries it as base64."""
    root = _root_of(content)
    if isinstance(root, BadSidecar):
        return None
    pictures = (_picture(element.text) for element in root.iter() if len(element.text or "") > _TEXT_CHARACTERS_MAX)
    return next((picture for picture in pictures if picture is not None), None)


def _root_of(content: bytes) -> ET.Element | BadSidecar:
    if (
        b"<!DOCTYPE" in content
        or "<!DOCTYPE".encode("utf-16-le") in content
        or "<!DOCTYPE".encode("utf-16-be") in content
    ):
        return BadSidecar("it has a document type, which is refused")
    try:
        return ET.fromstring(content)  # noqa: S314 - entities need the document type refused above
    except (ET.ParseError, ValueError, LookupError) as error:
        return BadSidecar(f"it is no XML: {type(error).__name__}")


def _words(root: ET.Element) -> Iterator[tuple[str, str]]:
    """`<pages>3</pages>`, `<fax pages="3"/>` and `<field name="pages" value="3"/>` say the same."""
    for element in root.iter():
        name = element.get("name") or element.tag.rpartition("}")[2]
        text = (element.text or "").strip()
        if text and len(text) <= _TEXT_CHARACTERS_MAX:
            yield name, text
        for attribute, value in element.items():
            if attribute != "name":
                yield (name if attribute == "value" else attribute), value


def _picture(text: str | None) -> bytes | None:
    try:
        decoded = base64.b64decode("".join((text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if decoded.startswith(_MAGIC) else None
