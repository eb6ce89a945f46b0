"""The ladder of questions, rung by rung, for every way in which carriers can be asked."""

import pytest

from faxgw.dispatch.ladder import (
    CLOCKS_DIFFER_SECONDS,
    Ambiguous,
    AskByNumber,
    AskByReference,
    AwaitReceipt,
    Doubtful,
    HandInAgain,
    NotListed,
    Ours,
    Rung,
    find_named,
    find_ours,
    next_rung,
    proves_absence,
)
from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.port import Capabilities, Delivered, Fate, InProgress, Listed, LookUpKind, NotDelivered

STARTED = 1_000.0
BY_LOOK_UP: dict[LookUpKind, Rung] = {
    LookUpKind.REFERENCE: AskByReference(),
    LookUpKind.COMPLETED: AskByReference(),
    LookUpKind.NUMBER: AskByNumber(STARTED - CLOCKS_DIFFER_SECONDS),
    LookUpKind.LISTED: AskByNumber(STARTED - CLOCKS_DIFFER_SECONDS),
    LookUpKind.NONE: AwaitReceipt(),
}


def doubtful(
    *,
    deadline_at: float | None = None,
    has_provider_ref: bool = False,
    key_failed: bool = False,
    asked_for_seconds: float = 0.0,
) -> Doubtful:
    return Doubtful(STARTED, deadline_at, has_provider_ref, key_failed, asked_for_seconds)


@pytest.mark.parametrize("kind", LookUpKind)
def test_without_a_key_the_look_up_decides(kind: LookUpKind) -> None:
    """Each carrier is asked in the one way that it has."""
    assert next_rung(Capabilities(look_up=kind), doubtful(), STARTED + 1) == BY_LOOK_UP[kind]


@pytest.mark.parametrize("kind", LookUpKind)
def test_a_key_comes_first(kind: LookUpKind) -> None:
    """It is the surest: the same fax under the same key is never a second one."""
    capabilities = Capabilities(look_up=kind, idempotent_seconds=60.0)
    assert next_rung(capabilities, doubtful(), STARTED + 59) == HandInAgain()


@pytest.mark.parametrize(
    ("facts", "now"),
    [
        (doubtful(), STARTED + 60),
        (doubtful(key_failed=True), STARTED + 1),
        (doubtful(has_provider_ref=True), STARTED + 1),
        (doubtful(deadline_at=STARTED + 5), STARTED + 5),
        (doubtful(asked_for_seconds=60.0), STARTED + 1),
        (doubtful(), STARTED - 1),
    ],
)
def test_a_key_is_left_alone_where_it_could_do_harm(facts: Doubtful, now: float) -> None:
    """Forgotten by the carrier, refused before, known to be taken, past the deadline; or the clock was set back."""
    assert next_rung(Capabilities(idempotent_seconds=60.0), facts, now) == AskByReference()


def test_without_keys_none_holds_though_the_clock_is_set_back() -> None:
    """Else the fax would be handed to the carrier a second time, which prints it a second time."""
    assert next_rung(Capabilities(idempotent_seconds=0.0), doubtful(), STARTED - 86_400) == AskByReference()


@pytest.mark.parametrize(
    ("kind", "proves"),
    [
        (LookUpKind.REFERENCE, True),
        (LookUpKind.NUMBER, True),
        (LookUpKind.LISTED, True),
        (LookUpKind.COMPLETED, False),
        (LookUpKind.NONE, False),
    ],
)
def test_what_not_known_proves(kind: LookUpKind, *, proves: bool) -> None:
    """Nothing at a carrier that lists only what is over, and nothing where it said that it has the fax."""
    capabilities = Capabilities(look_up=kind)
    assert proves_absence(capabilities, doubtful()) is proves
    assert not proves_absence(capabilities, doubtful(has_provider_ref=True))
    assert not proves_absence(Capabilities(look_up=kind, absence_proves=False), doubtful())


def listed(provider_ref: str) -> Listed:
    return Listed(provider_ref, Line("+33199000001"), STARTED, InProgress())


@pytest.mark.parametrize(
    ("names", "known", "rivals", "found"),
    [
        ([], [], 0, NotListed()),
        (["A"], ["A"], 0, NotListed()),
        (["A", "B"], ["A"], 0, Ours(listed("B"))),
        (["A", "B"], [], 0, Ambiguous()),
        (["B"], [], 1, Ambiguous()),
        ([], [], 1, NotListed()),
    ],
)
def test_which_of_a_list_is_ours(
    names: list[str], known: list[str], rivals: int, found: Ours | NotListed | Ambiguous
) -> None:
    """Only one that nothing else can be, for only one of ours; else a person must look."""
    assert find_ours([listed(name) for name in names], frozenset(known), rivals) == found


OURS = ClientRef("s-1-1")
OTHER = ClientRef("s-2-1")


def named(provider_ref: str, client_ref: ClientRef | None, fate: Fate | None = None) -> Listed:
    return Listed(provider_ref, Line("+33199000001"), STARTED, fate or InProgress(), client_ref)


@pytest.mark.parametrize(
    ("faxes", "known", "found"),
    [
        ([], [], NotListed()),
        ([named("A", OTHER)], [], NotListed()),
        ([named("A", OTHER), named("B", OURS)], [], Ours(named("B", OURS))),
        ([named("A", None), named("B", OURS)], [], Ours(named("B", OURS))),
        ([named("A", None)], [], Ambiguous()),
        ([named("A", None)], ["A"], NotListed()),
    ],
)
def test_a_list_with_our_references_leaves_nothing_to_guess(
    faxes: list[Listed], known: list[str], found: Ours | NotListed | Ambiguous
) -> None:
    """Only the one that bears ours; and while one bears none, nobody may say that ours is not there."""
    assert find_named(faxes, OURS, frozenset(known)) == found


def test_of_two_faxes_under_one_reference_the_delivered_one_counts() -> None:
    """However it came to two: what the florist has must not be sent again."""
    delivered = named("B", OURS, Delivered(1, None))
    failed = named("C", OURS, NotDelivered(Failure.BUSY, "busy"))
    assert find_named([named("A", OURS), delivered, failed], OURS, frozenset()) == Ours(delivered)


def test_of_two_failures_under_one_reference_the_one_in_doubt_counts() -> None:
    """The florist may have it: the other's plain failure is no reason to send it again."""
    doubt = named("B", OURS, NotDelivered(Failure.IN_DOUBT, "page not confirmed"))
    failed = named("A", OURS, NotDelivered(Failure.BUSY, "busy"))
    assert find_named([failed, doubt], OURS, frozenset()) == Ours(doubt)
