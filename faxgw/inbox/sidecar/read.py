"""A sidecar of any format."""

from collections.abc import Callable, Mapping

from faxgw.config.inbox import SidecarFormat
from faxgw.inbox.sidecar.csv import read_csv
from faxgw.inbox.sidecar.idx import read_idx
from faxgw.inbox.sidecar.json import read_json
from faxgw.inbox.sidecar.told import BadSidecar, Told, told_by
from faxgw.inbox.sidecar.xml import read_xml

_READERS: Mapping[SidecarFormat, Callable[[bytes], dict[str, str] | BadSidecar]] = {
    SidecarFormat.IDX: read_idx,
    SidecarFormat.XML: read_xml,
    SidecarFormat.JSON: read_json,
    SidecarFormat.CSV: read_csv,
}


def read_sidecar(
    content: bytes, written_as: SidecarFormat, fields: Mapping[str, str], timezone: str
) -> Told | BadSidecar:
    """What it tells; a word that we do not know is kept beside those that we do."""
    words = _READERS[written_as](content)
    return words if isinstance(words, BadSidecar) else told_by(words, fields, timezone)
