"""The parameters of an address that nobody reads: a misspelt `deadline` would else be a fax without one."""

from collections import Counter
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request
from litestar.exceptions import ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from faxgw.faults import FAULTS_MAX, Fault, did_you_mean

_NAME_CHARS_MAX = 64


def parameter_faults(request: Request[Any, Any, Any], known: Collection[str]) -> list[Fault]:
    """A fault for each parameter that is not `known`, and for each that stands twice; none in most requests."""
    return _faults(request.scope["query_string"], known)


async def refuse_unknown_parameters(request: Request[Any, Any, Any]) -> None:
    """Stands before whatever is read under /v1: `nubmer=1` would else be answered with every fax there is.

    Waits for nothing: were it a plain function, Litestar would hand each request to a thread and back; for a guard it
    would copy the handler.

    Raises:
        ValidationException: a parameter is none of the handler's own; what is sent in a body looks for itself.
    """
    query: bytes = request.scope["query_string"]
    if not query or request.scope["method"] != "GET" or not request.scope["path"].startswith("/v1/"):
        return
    handler = request.scope["route_handler"]
    if isinstance(handler, HTTPRouteHandler) and (faults := _faults(query, parameter_names(handler).values())):
        raise ValidationException(
            extra=[{"address": fault.pointer.removeprefix("/"), "message": fault.detail} for fault in faults]
        )


def parameter_names(handler: HTTPRouteHandler) -> dict[str, str]:
    """How each parameter of the address is written there, by its name in the code."""
    parameters = handler.parsed_fn_signature.parameters.items()
    return {
        name: field.kwarg_definition.name or name
        for name, field in parameters
        if isinstance(field.kwarg_definition, QueryParameter)
    }


def _faults(query: bytes, known: Collection[str]) -> list[Fault]:
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
