"""The account that every journey ends in: nothing lost, nothing twice, no line called twice at once."""

from collections import Counter
from collections.abc import Sequence

from faxgw.fax import FINAL, ClientRef, FaxId, State, read_client_ref
from faxgw.phone import Line
from faxgw.provider.switchboard import Taken
from faxgw.render.tiff import read_pages
from faxgw.store.attempts import Attempt
from tests.journeys.town import Town


async def settle_account(
    town: Town, *, delivered: int = 0, failed: int = 0, expired: int = 0, cancelled: int = 0, waiting: int = 0
) -> None:
    """accepted = delivered + failed + expired + cancelled + waiting, and the carriers' own books agree."""
    counts = await town.store.counts()
    told = {
        State.DELIVERED: delivered,
        State.FAILED: failed,
        State.EXPIRED: expired,
        State.CANCELLED: cancelled,
    }
    assert {state: counts.get(state, 0) for state in FINAL} == told
    assert sum(count for state, count in counts.items() if state not in FINAL) == waiting
    assert sum(counts.values()) == len(town.faxes) == len(set(town.faxes))
    await check_carriers(town)


async def check_carriers(town: Town) -> None:
    """Whatever the store calls delivered arrived once, and nothing arrived of which the store does not know."""
    arrived = await _arrived(town)
    assert [fax for fax, times in arrived.items() if times > 1] == [], "twice"
    views = [await town.view(fax_id) for fax_id in town.faxes]
    by_store = {view.fax_id for view in views if view.state is State.DELIVERED}
    # A call whose last confirmation got lost is reported as failed by the carrier itself: nobody could know better.
    confirmed = await _confirmed(town)
    assert by_store - confirmed == set(), "lost: called delivered, and no carrier delivered it"
    unfinished = {view.fax_id for view in views if view.state not in FINAL}
    assert confirmed - by_store - unfinished == set(), "delivered, and the store says otherwise"
    for line, calls in line_overlaps(town).items():
        assert calls <= town.register.calls_max(Line(line)), f"{line} had {calls} calls at once"


async def count_lost_and_twice(town: Town) -> tuple[int, int]:
    """How many faxes the store calls delivered and no carrier does, and how many arrived more than once."""
    views = [await town.view(fax_id) for fax_id in town.faxes]
    by_store = {view.fax_id for view in views if view.state is State.DELIVERED}
    arrived = await _arrived(town)
    return len(by_store - await _confirmed(town)), sum(times > 1 for times in arrived.values())


def line_overlap_max(town: Town) -> int:
    """The most calls that any line had at once, over all carriers."""
    return max(line_overlaps(town).values(), default=0)


def line_overlaps(town: Town) -> dict[str, int]:
    """For each line the most calls that it had at once, over all carriers."""
    edges = []
    for taken in _all_taken(town):
        edges.append((taken.taken_at, 1, taken.number))
        if taken.ended_at is not None:
            # A call that ends in the very moment the next one begins does not overlap it.
            edges.append((taken.ended_at, 0, taken.number))
    under_way: Counter[str] = Counter()
    most: dict[str, int] = {}
    for _, begins, number in sorted(edges):
        under_way[number] += 1 if begins else -1
        most[number] = max(most.get(number, 0), under_way[number])
    return most


async def _arrived(town: Town) -> Counter[FaxId]:
    """How often each fax came out of a florist's machine, all its pages."""
    return Counter([fax_id for taken in _all_taken(town) for fax_id in await _whole(town, taken, taken.pages_arrived)])


async def _confirmed(town: Town) -> set[FaxId]:
    return {fax_id for taken in _all_taken(town) for fax_id in await _whole(town, taken, taken.pages_delivered)}


def _all_taken(town: Town) -> list[Taken]:
    return [taken for carrier in town.carriers.values() for taken in carrier.faxes()]


async def _whole(town: Town, taken: Taken, pages: int) -> list[FaxId]:
    """The faxes of a call of which all pages are among its first `pages`."""
    named = read_client_ref(town.store.store_id, taken.reference)
    assert named is not None, f"the carrier was told of {taken.reference}, which is no reference of this store"
    if taken.pages == 1:
        return [named[0]] if pages else []
    call = await town.store.attempt_of(ClientRef(taken.reference), "", None)
    assert call is not None, f"the carrier was told of {taken.reference}, of which the store knows nothing"
    assert sum(each.pages for each in call.call) == taken.pages, "the store and the carrier count different pages"
    await _check_pages(town, taken.reference, call.call)
    return [each.fax_id for each in call.call if each.last_page <= pages]


async def _check_pages(town: Town, reference: str, call: Sequence[Attempt]) -> None:
    """What is printed on the pages of a shared call is what the store says of them."""
    documents = [carrier.documents[reference] for carrier in town.carriers.values() if reference in carrier.documents]
    printed = [page.strip.decode().strip() for page in read_pages(documents[0])]
    told = [(await town.view(each.fax_id)).number for each in call for _ in range(each.pages)]
    assert printed == told, f"the pages of {reference} are not those of its faxes"
