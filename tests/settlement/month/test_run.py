"""A month is paid once, by two people, to whom was looked at."""

import datetime as dt

from faxgw.members.people import Person
from faxgw.settlement.clearing import Clearing, Window, inline
from faxgw.settlement.month.desk import (
    NobodyInRun,
    Proposed,
)
from faxgw.settlement.payouts.order import message_id
from faxgw.settlement.takings import in_transit
from faxgw.store.months.port import Run, RunRefused
from tests.settlement.imports import samples
from tests.settlement.month.town import IDA, OSLO, PER, Town, member


async def propose(town: Town, direction: str = "payout") -> Proposed:
    proposed = await town.desk.propose("2027-05", direction, "NOK", dt.date(2027, 6, 20), IDA)  # type: ignore[arg-type]
    assert isinstance(proposed, Proposed), proposed
    return proposed


async def test_a_payout_needs_two_people_and_is_paid_once(town: Town) -> None:
    """Not by who proposed it, whatever the spelling; not twice; what is paid leaves the store's balance."""
    await town.sell_in_may()
    town.book.accounts["NO-C"] = "86011117947"
    await town.close()
    run = (await propose(town)).run
    for same in (IDA, Person(" ida "), Person("IDÁ")):
        assert isinstance(await town.desk.approve(run.name, run.content, same), RunRefused)
    approved = await town.desk.approve(run.name, run.content, PER)
    assert isinstance(approved, Run)
    again = await town.desk.approve(run.name, run.content, Person("Kari"))
    assert isinstance(again, RunRefused)
    assert "already" in again.reason
    assert isinstance(await town.desk.propose("2027-05", "payout", "NOK", dt.date(2027, 6, 21), IDA), RunRefused)
    standings = await town.store.ledger.standings()
    assert standings[member("NO-C")].posted_minor == 0
    assert standings[in_transit("NOK")].posted_minor == -7_000


async def test_a_run_that_was_paid_is_found_on_the_banks_statement(town: Town) -> None:
    """The bank's line repeats the file's id: nothing of the run is on its way any more, and nobody has to look."""
    await town.sell_in_may()
    town.book.accounts["NO-C"] = "86011117947"
    await town.close()
    run = (await propose(town)).run
    assert isinstance(await town.desk.approve(run.name, run.content, PER), Run)
    assert (await town.store.ledger.standings())[in_transit("NOK")].posted_minor == -7_000
    clearing = Clearing(town.store.clearing, town.clock, Window(), inline)
    line = samples.CAMT_053.replace(b"100.00</Amt><CdtDbtInd>DBIT", b"70.00</Amt><CdtDbtInd>DBIT", 1)
    line = line.replace(b">2091.00<", b">2121.00<").replace(
        b"<BkTxCd><Prtry><Cd>240</Cd></Prtry></BkTxCd></Ntry>",
        b"<BkTxCd><Prtry><Cd>240</Cd></Prtry></BkTxCd><AddtlNtryInf>%s</AddtlNtryInf></Ntry>"
        % message_id(run.name, "PAY").encode(),
        1,
    )
    await clearing.import_file(line, name="bank.xml", who="Ida")
    assert (await clearing.match()).arrived == 1
    assert (await town.store.ledger.standings())[in_transit("NOK")].posted_minor == 0
    assert not (await town.desk.verify()).faults


async def test_who_approves_a_run_approves_what_was_looked_at(town: Town) -> None:
    """Proposed anew meanwhile with another account: the approval of the old one is refused."""
    await town.sell_in_may()
    town.book.accounts["NO-C"] = "86011117947"
    await town.close()
    seen = (await propose(town)).run
    town.book.accounts["NO-C"] = "97105345672"
    newer = (await propose(town)).run
    assert newer.content != seen.content
    refused = await town.desk.approve(seen.name, seen.content, PER)
    assert isinstance(refused, RunRefused)
    assert "proposed anew" in refused.reason
    assert isinstance(await town.desk.approve(newer.name, newer.content, PER), Run)


async def test_a_run_that_is_out_of_date_is_not_approved(town: Town) -> None:
    """Two people agreed on another account meanwhile, or the day has passed: the bank must not have it as it was."""
    await town.sell_in_may()
    town.book.accounts["NO-C"] = "86011117947"
    await town.close()
    run = (await propose(town)).run
    town.book.accounts["NO-C"] = "97105345672"
    elsewhere = await town.desk.approve(run.name, run.content, PER)
    town.book.accounts["NO-C"] = "86011117947"
    town.clock.at = dt.datetime(2027, 6, 21, tzinfo=OSLO).timestamp()
    late = await town.desk.approve(run.name, run.content, PER)
    assert isinstance(elsewhere, RunRefused)
    assert isinstance(late, RunRefused)
    assert elsewhere.reason == "name or account of NO-C changed since it was proposed: propose the run anew"
    assert late.reason.startswith("2027-06-20 is in the past")
    town.clock.at -= 86_400
    assert isinstance(await town.desk.approve(run.name, run.content, PER), Run)


async def test_a_store_without_an_account_is_left_out_and_named(town: Town) -> None:
    """The others are paid; its money waits on its account, and the next run has it."""
    await town.sell_in_may()
    await town.close()
    refused = await town.desk.propose("2027-05", "payout", "NOK", dt.date(2027, 6, 20), IDA)
    assert isinstance(refused, NobodyInRun)
    assert "1 store has no account" in refused.reason
    assert [(each.member, each.amount_minor) for each in refused.left_out] == [("NO-C", 7_000)]
    collected = await propose(town, "collection")
    assert [(item.member, item.amount_minor) for item in collected.content.items] == [("NO-A", 13_000), ("NO-B", 3_000)]
    assert collected.run.total_minor == 16_000
    assert isinstance(await town.desk.propose("2027-06", "payout", "NOK", dt.date(2027, 7, 20), IDA), RunRefused)


async def test_a_run_is_for_a_day_to_come_and_a_currency_there_is(town: Town) -> None:
    """A slip in either is told, today is early enough, and nothing is proposed."""
    await town.sell_in_may()
    town.book.accounts["NO-C"] = "86011117947"
    await town.close()
    for currency, day, told in (("NOK", 9, "2027-06-09 is in the past"), ("XKR", 20, "XKR is not a currency we know")):
        refused = await town.desk.propose("2027-05", "payout", currency, dt.date(2027, 6, day), IDA)
        assert isinstance(refused, RunRefused)
        assert told in refused.reason
    nobody = await town.desk.propose("2027-05", "payout", "EUR", dt.date(2027, 6, 20), IDA)
    assert nobody == NobodyInRun("nobody is to be paid in EUR for 2027-05", [])
    assert await town.desk.runs() == []
    today = await town.desk.propose("2027-05", "payout", "NOK", dt.date(2027, 6, 10), IDA)
    assert isinstance(today, Proposed)


async def test_a_run_of_a_month_whose_balance_was_carried_on_pays_nobody(town: Town) -> None:
    """May's run lay unapproved until June was closed and paid: May's money is in June's, and is not paid again."""
    await town.sell_in_may()
    town.book.accounts["NO-C"] = "86011117947"
    await town.close()
    old = (await propose(town)).run
    town.clock.at = dt.datetime(2027, 7, 5, tzinfo=OSLO).timestamp()
    await town.close("2027-06")
    new = await town.desk.propose("2027-06", "payout", "NOK", dt.date(2027, 7, 20), IDA)
    assert isinstance(new, Proposed)
    for run in (old, new.run):
        answer = await town.desk.approve(run.name, run.content, PER)
        assert isinstance(answer, RunRefused if run is old else Run)
    late = await town.desk.propose("2027-05", "payout", "NOK", dt.date(2027, 7, 20), IDA)
    assert isinstance(late, RunRefused)
    assert "propose a run of 2027-06" in late.reason
    assert (await town.store.ledger.standings())[in_transit("NOK")].posted_minor == -7_000
