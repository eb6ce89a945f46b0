"""Faxes that came in, for the tests of the store."""

from faxgw.store.inbound.keeping import DocumentKind, InboundId, KeptNow, NewInbound, Origin, Poison, PoisonReason
from faxgw.store.inbound.port import InboundStore


def origin(name: str = "a.tif", *, inbox: str = "shop", size: int = 100, modified_at: float | None = 50.0) -> Origin:
    return Origin(inbox, name, size, modified_at)


def new_inbound(
    *documents: str,
    name: str = "a.tif",
    inbox: str = "shop",
    receipt_id: str = "",
    kept_at: float = 100.0,
    modified_at: float | None = 50.0,
) -> NewInbound:
    return NewInbound(
        origin=origin(name, inbox=inbox, modified_at=modified_at),
        documents=documents or ("ab" * 32,),
        kind=DocumentKind.TIFF,
        kept_at=kept_at,
        receipt_id=receipt_id,
        sender_number="+33199000001",
        sidecar={"COLOUR": "green"},
    )


def poison(
    *documents: str, name: str = "a.tif", reason: PoisonReason = PoisonReason.DAMAGED, modified_at: float | None = 50.0
) -> Poison:
    return Poison(
        origin=origin(name, modified_at=modified_at),
        reason=reason,
        detail="it ends early",
        kept_at=100.0,
        documents=documents,
        kind=DocumentKind.TIFF if documents else None,
    )


async def keep_one(store: InboundStore, *documents: str, name: str = "a.tif", kept_at: float = 100.0) -> InboundId:
    [kept] = await store.keep([new_inbound(*documents, name=name, kept_at=kept_at)])
    assert isinstance(kept, KeptNow)
    return kept.inbound_id
