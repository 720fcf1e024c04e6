# SPDX-License-Identifier: Apache-2.0
"""What would take the servers of all customers at once, and what stops it.

Each accident happens to a fleet in which nobody has done anything wrong. It
is counted how many servers were touched before it stopped, and what is left
of it when it is over.
"""

from collections.abc import Callable
import datetime as dt
import functools
import os

from oslotest import base

from patrii_billing import errors
from patrii_billing.store import schema
from patrii_billing.store import servers
from tests.unit import fleet

# A larger fleet shows the same and takes longer.
CUSTOMERS = int(os.environ.get('FLEET', '12'))
ALL = range(CUSTOMERS)
# As many are behind in any month.
SOME = ALL[: CUSTOMERS // 4]
REST = ALL[CUSTOMERS // 4 :]
_YEAR = dt.timedelta(days=365)
_HOUR = dt.timedelta(hours=1)


GUARDS = {
    'clock_gap': dt.timedelta(days=7),
    'max_arrears_share': 30,
    'min_arrears_cap': 1,
    'max_missing_share': 25,
    'min_missing_cap': 1,
}


@functools.cache
def _beginning() -> tuple[fleet.Fleet, Callable[[], None]]:
    """All are invoiced and reminded, and the due date is tomorrow."""
    story = fleet.Fleet(CUSTOMERS, **GUARDS)
    story.play('01-31 12:00:00')
    return story, story.kept()


def guarded() -> fleet.Fleet:
    """A fleet whose guards are on, on the eve of the due date."""
    story, back = _beginning()
    back()
    return story


class AllUnpaidTest(base.BaseTestCase):
    """Nobody's money arrives: the bank statement was not imported."""

    def test_no_server_is_touched_and_the_operator_is_told_once(
        self,
    ) -> None:
        story = guarded()
        story.play('02-05')

        self.assertEqual(0, story.touched())
        self.assertEqual(CUSTOMERS, story.running())
        self.assertEqual(['many_in_arrears'], story.operators_mails())
        [alarm] = story.told('alarm')
        self.assertEqual('02-01 00:00:00 alarm many_in_arrears', alarm)
        self.assertIn(
            f'{CUSTOMERS} contracts fell behind', story.state().stopped_why
        )

    def test_not_one_customer_is_threatened_with_it(self) -> None:
        story = guarded()
        story.play('02-05')

        self.assertEqual([], story.mails('grace'))
        self.assertEqual(CUSTOMERS, len(story.mails('reminder')))

    def test_once_the_payments_are_in_all_is_as_if_it_never_was(
        self,
    ) -> None:
        story = guarded()
        story.play('02-05')
        story.pay(*ALL)
        story.play('02-05 12:00:00')
        story.resume()
        story.play('02-12')

        self.assertEqual(0, story.touched())
        self.assertEqual({'active'}, story.standing())
        self.assertEqual([], story.mails('grace'))

    def test_resumed_it_gives_everybody_his_whole_grace(self) -> None:
        story = guarded()
        story.play('02-05')
        story.pay(*ALL[2:])
        story.resume()
        story.play('02-06 23:00:00')
        self.assertEqual(2, len(story.mails('grace')))
        self.assertEqual(0, story.touched())

        story.play('02-07 12:00:00')
        self.assertEqual([0, 1], story.out())

    def test_as_many_as_are_behind_in_any_month_are_no_accident(
        self,
    ) -> None:
        story = guarded()
        story.pay(*REST)
        story.play('02-05')

        self.assertEqual([], story.operators_mails())
        self.assertEqual(list(SOME), story.out())

    def test_in_a_dry_run_nothing_is_to_be_stopped(self) -> None:
        story = guarded()
        story.configured(dry_run=True)
        story.play('02-05')

        self.assertIsNone(story.state().stopped_why)

    def test_whoever_was_shelved_before_comes_back_while_it_is_stopped(
        self,
    ) -> None:
        story = guarded()
        story.pay(*REST)
        story.play('02-04')
        self.assertEqual(list(SOME), story.out())

        story.stop()
        story.pay(*SOME)
        story.play('02-04 00:01:00')

        self.assertEqual(CUSTOMERS, story.running())


class WrongPricesTest(base.BaseTestCase):
    """A comma is lost in a price list, and all pay what they always paid."""

    def test_nobody_loses_his_server_for_a_price_that_is_wrong(self) -> None:
        story = fleet.Fleet(CUSTOMERS, price='1000.00', **GUARDS)
        story.play('01-31 12:00:00')
        story.pay(*ALL, minor=1000)
        story.play('02-04')

        self.assertEqual(0, story.touched())
        self.assertEqual([], story.mails('grace'))
        self.assertEqual(['many_in_arrears'], story.operators_mails())


class OldBooksTest(base.BaseTestCase):
    """The books are restored from a backup that is days old."""

    def test_nobody_loses_his_server_for_a_payment_they_forgot(self) -> None:
        story = guarded()
        backup = story.backup()
        story.pay(*REST)
        story.play('02-04')
        self.assertEqual(list(SOME), story.out())
        backup()
        story.tick_on(3)

        self.assertEqual(list(SOME), story.out())
        self.assertEqual(['safe_mode'], story.operators_mails()[:1])
        self.assertIsNotNone(story.state().safe_why)

        story.pay(*REST)
        story.play('02-06')
        story.resume()
        story.play('02-08')
        self.assertEqual(len(SOME), story.touched())


class OtherConfigurationTest(base.BaseTestCase):
    """Of two daemons one has bounds that bound nothing."""

    def test_the_bounds_of_the_careful_one_hold_for_both(self) -> None:
        story = guarded()
        careful = story.world.tools.settings
        story.configured(max_arrears_share=100, max_shelves_per_hour=10000)
        story.play('02-01 00:05:00')
        self.assertEqual({'grace'}, story.standing())
        reckless = story.world.tools.settings

        story.move(_HOUR)
        story.configured_as(careful)
        story.tick_on(1)
        story.configured_as(reckless)
        story.play('02-05')

        self.assertEqual(0, story.touched())
        self.assertEqual(['many_in_arrears'], story.operators_mails())


class ClockAheadTest(base.BaseTestCase):
    """The clock of the only host jumps a year ahead, and comes back."""

    def ahead(self) -> fleet.Fleet:
        story = guarded()
        story.pay(*ALL[1:])
        story.play('02-04')
        self.assertEqual([0], story.out())
        self.invoiced = len(story.rows(schema.invoices))
        self.mailed = len(story.world.mailbox.sent)
        story.move(_YEAR)
        story.tick_on(90)
        return story

    def test_nothing_is_taken_billed_or_mailed_but_to_the_operator(
        self,
    ) -> None:
        story = self.ahead()

        self.assertEqual([0], story.out())
        self.assertEqual(1, story.touched())
        self.assertEqual(self.invoiced, len(story.rows(schema.invoices)))
        [told] = story.world.mailbox.sent[self.mailed :]
        self.assertIn('operator', told.subject)
        self.assertEqual(['safe_mode'], story.operators_mails())
        self.assertIn('2027', story.state().safe_why)

    def test_who_pays_meanwhile_gets_his_server(self) -> None:
        story = self.ahead()
        story.pay(0)
        story.tick_on(10)

        self.assertEqual(CUSTOMERS, story.running())

    def test_put_right_it_goes_on_where_it_was(self) -> None:
        story = self.ahead()
        story.move(-_YEAR)
        story.tick_on(90)
        story.resume()
        story.play('02-06')

        self.assertEqual(['shelved'], sorted(story.standing() - {'active'}))
        self.assertEqual(['safe_mode'], story.operators_mails())
        self.assertEqual(self.invoiced, len(story.rows(schema.invoices)))
        story.play('02-10')
        self.assertEqual('gone', story.shows('web-0'))

    def test_a_restore_that_began_in_it_is_not_put_off_for_a_year(
        self,
    ) -> None:
        story = self.ahead()
        story.nova.down = 'nova is away'
        story.pay(0)
        story.tick_on(10)
        story.move(-_YEAR)
        story.nova.down = None
        story.tick_on(60)

        self.assertEqual(CUSTOMERS, story.running())

    def test_a_year_that_really_passed_is_believed_by_an_operator(
        self,
    ) -> None:
        story = self.ahead()
        story.resume()
        story.tick_on(5)

        self.assertLess(self.invoiced, len(story.rows(schema.invoices)))
        self.assertEqual(1, story.touched())

    def test_a_sweep_of_next_year_is_no_sign_of_life(self) -> None:
        story = guarded()
        story.configured(sweep_age=3 * _HOUR)
        story.pay(*ALL[1:])
        story.play('02-02 23:00:00')
        story.sweeps(story.world.clock.now() + _YEAR)
        story.nova.pages = _fail
        story.play('02-04')

        self.assertEqual([], story.out())


class EmptyNovaTest(base.BaseTestCase):
    """Our account lost its role: no servers, and 404 for each of them."""

    def emptied(self) -> fleet.Fleet:
        story = guarded()
        story.configured(
            sweep_every=_HOUR, full_sweep_every=_HOUR
        )
        story.pay(*ALL[2:])
        story.play('02-03 12:00:00')
        self.assertEqual([0, 1], story.out())
        self.whole = story.hide()
        story.play('02-05')
        return story

    def test_nobody_counts_as_gone_and_the_operator_is_told_once(
        self,
    ) -> None:
        story = self.emptied()

        gone = [one for one in story.rows(schema.servers) if one.deleted_at]
        self.assertEqual([], gone)
        self.assertEqual(['servers_missing'], story.operators_mails())
        [alarm] = story.told('alarm')
        self.assertLess(alarm[:14], '02-03 13')
        self.assertIn('are missing in nova', story.state().safe_why)

    def test_who_pays_meanwhile_gets_his_server_when_nova_is_back(
        self,
    ) -> None:
        story = self.emptied()
        story.pay(0)
        story.play('02-05 06:00:00')
        story.show(self.whole)
        story.play('02-05 06:10:00')
        self.assertEqual('active', story.shows('web-0'))
        self.assertEqual([1], story.out())

    def test_nobody_is_billed_less_for_it(self) -> None:
        story = self.emptied()
        story.show(self.whole)
        story.play('02-05 12:00:00')
        story.resume()
        story.play('02-27 12:00:00')

        march = {
            row.total
            for row in story.rows(schema.invoices)
            if row.period_start == dt.date(2026, 3, 1)
        }
        self.assertEqual({1000}, march)

    def test_servers_that_are_really_gone_go_when_an_operator_says_so(
        self,
    ) -> None:
        story = self.emptied()
        story.resume()
        story.play('02-05 01:00:00')

        gone = [one for one in story.rows(schema.servers) if one.deleted_at]
        self.assertEqual(CUSTOMERS, len(gone))

    def test_a_few_that_vanish_are_gone_as_ever(self) -> None:
        story = guarded()
        story.configured(
            sweep_every=_HOUR, full_sweep_every=_HOUR
        )
        few = story.hide(CUSTOMERS // 4)
        story.play('02-01')

        gone = [one for one in story.rows(schema.servers) if one.deleted_at]
        self.assertEqual(len(few), len(gone))
        self.assertEqual([], story.operators_mails())

    def test_all_that_their_owners_deleted_at_once_are_gone_as_ever(
        self,
    ) -> None:
        story = guarded()
        story.configured(sweep_every=_HOUR, full_sweep_every=_HOUR)
        story.play('01-31 12:30:00')
        for name in [*story.nova.guests]:
            story.nova.remove(name)
            story.db.write(servers.miss, name, story.world.clock.now())
        story.play('01-31 12:40:00')

        gone = [one for one in story.rows(schema.servers) if one.deleted_at]
        self.assertEqual(CUSTOMERS, len(gone))
        self.assertEqual([], story.operators_mails())


def _fail(since: dt.datetime | None = None) -> object:
    raise errors.CloudUnavailable('a cell is away')
