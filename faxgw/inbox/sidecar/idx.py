"""`KEY=VALUE` lines, as Retarus writes beside a fax; fields can be added to its template, so unknown ones are kept."""

from faxgw.inbox.sidecar.told import BadSidecar
from faxgw.inbox.sidecar.words import as_text


def read_idx(content: bytes) -> dict[str, str] | BadSidecar:
    lines = [line for line in as_text(content).splitlines() if line.strip() and not line.lstrip().startswith("#")]
    pairs = [line.partition("=") for line in lines]
    if not pairs:
        return BadSidecar("it is empty")
    if not all(equals for _, equals, _ in pairs):
        return BadSidecar("a line has no `=`")
    return {name.strip(): value for name, _, value in pairs}
