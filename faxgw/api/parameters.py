"""The parameters of an address that nobody reads: a misspelt `deadline` would else be a fax without one."""

from collections import Counter
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request

from faxgw.faults import FAULTS_MAX, Fault, did_you_mean

_NAME_CHARS_MAX = 64


def parameter_faults(request: Request[Any, Any, Any], known: Collection[str]) -> list[Fault]:
    """A fault for each parameter that is not `known`, and for each that stands twice; none in most requests."""
    query: bytes = request.scope["query_string"]
    if not query:
        return []
    counts = Counter(name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    faults = [
        Fault(f"/{name[:_NAME_CHARS_MAX]}", f"there is no such parameter{did_you_mean(name, sorted(known))}")
        for name in counts
        if name not in known
    ]
    faults += [Fault(f"/{name}", "stands twice") for name, count in counts.items() if count > 1 and name in known]
    return faults[:FAULTS_MAX]
