"""Lets in over TCP who has a token, as far as it is good for; everybody else hears why not, and what to do."""

from collections.abc import Callable, Mapping
from functools import partial

import trio

from faxgw.api.caller import CALLER
from faxgw.api.connection import AsgiApp, Message, Receive, Send
from faxgw.api.connection import Scope as AsgiScope
from faxgw.api.problem import Kind, problem
from faxgw.api.tokens import Caller, Keyring
from faxgw.config.doors import Scope

_HANDED_IN_AT = frozenset({"/v1/orders", "/v1/faxes", "/v1/relay", "/v1/route"})
_ASKED_AT = ("/v1/orders", "/v1/faxes", "/v1/relay", "/v1/events", "/v1/queue", "/v1/problems", "/v1/openapi.json")
_FOR_ALL = frozenset({"/healthz", "/readyz", "/metrics"})
_FOLLOWED_AT = "/v1/events"
"""Answers here may go on for days."""


class Guard:
    """Stands before an application, with a keyring that may be changed at any time.

    Whose token is taken away is good for no further request, and hears no more of events that he follows.
    """

    def __init__(self, app: AsgiApp, keyring: Keyring, refused: Callable[[str], None]) -> None:
        self._app = app
        self._keyring = keyring
        self._refused = refused
        self._changed = trio.Event()

    def change_keyring(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._changed.set()
        self._changed = trio.Event()

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        token = bearer_token(scope)
        caller = self._keyring.find(token) if token is not None else None
        if token is None or caller is None:
            self._refused("unauthorized")
            why = "" if token is None else ', error="invalid_token"'
            await _refuse(send, Kind.UNAUTHORIZED, {"WWW-Authenticate": f'Bearer realm="faxgw"{why}'})
        elif not may(caller, scope["method"], scope["path"]):
            self._refused("forbidden")
            challenge = f'Bearer realm="faxgw", error="insufficient_scope", scope="{Scope.OPERATE}"'
            await _refuse(send, Kind.FORBIDDEN, {"WWW-Authenticate": challenge})
        else:
            scope["extensions"][CALLER] = caller
            is_followed = scope["path"].rstrip("/") == _FOLLOWED_AT
            await self._app(scope, partial(self._hear, token, receive) if is_followed else receive, send)

    async def _hear(self, token: bytes, receive: Receive) -> Message:
        """What the caller sends; that he is gone, as soon as his token is."""
        message: Message = {"type": "http.disconnect"}
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._wait_taken_away, token, nursery.cancel_scope)
            message = await receive()
            nursery.cancel_scope.cancel()
        return message

    async def _wait_taken_away(self, token: bytes, until_then: trio.CancelScope) -> None:
        while self._keyring.find(token) is not None:
            await self._changed.wait()
        until_then.cancel()


def may(caller: Caller, method: str, path: str) -> bool:
    """Whether the token is good for that; what is not named here takes `operate`."""
    if caller.scope is Scope.OPERATE or path in _FOR_ALL:
        return True
    if method == "POST":
        return path in _HANDED_IN_AT
    return method in {"GET", "HEAD"} and any(path == place or path.startswith(f"{place}/") for place in _ASKED_AT)


def bearer_token(scope: AsgiScope) -> bytes | None:
    """The token of a request; None where there is none, or more than one."""
    told = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(told) != 1:
        return None
    scheme, _, token = told[0].partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" and token else None


async def _refuse(send: Send, kind: Kind, headers: Mapping[str, str]) -> None:
    answer = problem(kind, kind.explanation)
    told = {"content-type": str(answer.media_type), "content-length": str(len(answer.content)), **headers}
    encoded = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": encoded})
    await send({"type": "http.response.body", "body": answer.content})
