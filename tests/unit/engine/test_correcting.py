# SPDX-License-Identifier: Apache-2.0
"""What changes within a billed period: credited at once, or on the next."""

import datetime as dt
import decimal

from oslotest import base

from patrii_billing.engine import tick
from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema
from patrii_billing.store import servers
from patrii_billing.store import watch
from tests.unit import stories

# The invoice for February is issued on 30 January and due on 1 February.
LONG = 'invoice_lead: 2d, reminders: [-1d], shelve_grace: 20d'
DAY = dt.timedelta(days=1)


def told(events: str, until: str = '02-25', **given: str) -> stories.Story:
    return stories.told(
        events, until=f'2026-{until}T00:00:00Z',
        **{'ladder': LONG, **given},
    )  # fmt: skip


def lines(story: stories.Story, invoice: int) -> list[str]:
    """Each line as 'kind label, days: net'."""
    return [
        f'{row.kind} {row.label}, {row.starts:%m-%d} to {row.ends:%m-%d}: '
        f'{row.net / 100:.2f}'
        for row in story.rows(schema.lines, invoice_id=invoice)
    ]


class OpenInvoiceTest(base.BaseTestCase):
    def test_a_deleted_server_lowers_what_is_owed_at_once(self) -> None:
        story = told('at: 02-08T12:00:00, delete: web')

        self.assertEqual(
            ['02-01 to 03-01: 10.00 open', '02-08 to 03-01: -7.50 paid'],
            story.invoices(),
        )
        first, extra = story.rows(schema.invoices)
        self.assertEqual((250, 'extra'), (first.owed, extra.kind))
        self.assertEqual(
            ['credit web (s1), 02-08 to 03-01: -7.50'],
            lines(story, extra.id),
        )

    def test_a_smaller_server_is_credited_and_charged_together(self) -> None:
        story = told(
            'at: 02-15T12:00:00, resize: web, flavor: s1',
            servers='{name: web, flavor: s2}',
        )

        first, extra = story.rows(schema.invoices)
        self.assertEqual(1500, first.owed)
        self.assertEqual(
            [
                'credit web (s2), 02-15 to 03-01: -10.00',
                'charge web (s1), 02-15 to 03-01: 5.00',
            ],
            lines(story, extra.id),
        )

    def test_a_larger_server_waits_for_the_next_invoice(self) -> None:
        story = told('at: 02-15T12:00:00, resize: web, flavor: s2')

        self.assertEqual(['02-01 to 03-01: 10.00 open'], story.invoices())
        self.assertIsNone(story.sub().settle_at)

    def test_nobody_is_past_due_for_a_server_he_gave_up(self) -> None:
        story = told(
            'at: 01-31T12:00:00, delete: web', ladder=stories.SHORT
        )

        self.assertEqual(
            ['02-01 to 03-01: 10.00 paid', '02-01 to 03-01: -10.00 paid'],
            story.invoices(),
        )
        self.assertEqual([], story.told('status'))
        self.assertEqual([], story.mails('grace'))

    def test_a_paid_invoice_is_credited_on_the_next(self) -> None:
        story = told(
            'at: 01-31T00:00:00, pay: acme\n'
            'at: 02-08T12:00:00, delete: web\n'
            'at: 02-08T13:00:00, boot: db, project: acme-prod',
            until='03-02',
        )

        self.assertEqual(
            ['02-01 to 03-01: 10.00 paid', '03-01 to 04-01: 10.00 open'],
            story.invoices(),
        )

    def test_what_a_chargeback_opens_again_is_credited_at_once(self) -> None:
        story = told(
            'at: 01-31T00:00:00, pay: acme\n'
            'at: 02-08T12:00:00, delete: web\n'
            'at: 02-10T12:00:00, charge_back: acme'
        )

        self.assertEqual(
            [250, 0], [row.owed for row in story.rows(schema.invoices)]
        )


class AtOnceTest(base.BaseTestCase):
    def test_policy_may_charge_a_change_at_once(self) -> None:
        story = told(
            'at: 02-15T12:00:00, resize: web, flavor: s2',
            policy='changes: at_once',
        )

        self.assertEqual(
            ['02-01 to 03-01: 10.00 open', '02-15 to 03-01: 5.00 open'],
            story.invoices(),
        )
        self.assertEqual(
            stories.instant('02-22 12:00:01').date(),
            story.rows(schema.invoices)[1].due_at.date(),
        )

    def test_what_lowers_and_what_adds_are_two_invoices(self) -> None:
        story = told(
            'at: 02-15T12:00:00, delete: web\n'
            'at: 02-15T12:00:00, boot: db, project: acme-prod, flavor: s2',
            policy='changes: at_once',
        )

        self.assertEqual(
            [-500, 1000],
            sorted(row.total for row in story.rows(schema.invoices)[1:]),
        )


class StepTest(base.BaseTestCase):
    def test_no_step_is_taken_before_a_change_is_settled(self) -> None:
        story = stories.Story(stories.text()).play('02-02 23:00:00')
        web = worlds.server_id('web')
        # Heard late, and nothing but the books knows it yet.
        story.db.write(
            servers.add_level, 'late', 'acme-prod', 's1', decimal.Decimal(0),
            stories.instant('02-01'), 'deleted', server=web,
        )  # fmt: skip

        story.play('02-04')

        self.assertEqual([], story.moves())
        self.assertEqual('active', story.sub().billing_status)

    def test_no_call_is_made_before_a_change_is_settled(self) -> None:
        story = stories.Story(stories.text()).play('02-03')
        web = worlds.server_id('web')
        tools = story.world.tools
        story.db.write(watch.change, ticked_at=tools.now())
        tick.run(tools, ['charge', 'collect'])
        self.assertEqual(1, len(story.rows(schema.actions)))
        story.db.write(
            servers.add_level, 'late', 'acme-prod', 's1', decimal.Decimal(0),
            stories.instant('02-01'), 'deleted', server=web,
        )  # fmt: skip

        tick.run(tools, ['act'])

        self.assertEqual([], story.moves())
        self.assertEqual(0, story.rows(schema.invoices)[0].owed)


class PauseTest(base.BaseTestCase):
    def test_a_pause_in_a_paid_period_is_credited(self) -> None:
        story = told(
            'at: 01-31T00:00:00, pay: acme\n'
            'at: 02-08T12:00:00, hold: acme-1, type: pause, '
            'until: 2026-02-15',
            until='02-28',
        )

        self.assertEqual(
            [
                ('02-01', '02-08', None),
                ('02-08', '02-15', 'paused'),
                ('02-15', '03-01', None),
                ('03-01', '04-01', None),
            ],
            [
                (f'{r.starts:%m-%d}', f'{r.ends:%m-%d}', r.unbilled_why)
                for r in story.rows(schema.spans)
            ],
        )
        self.assertEqual('03-01 to 04-01: 7.50 open', story.invoices()[-1])

    def test_policy_may_bill_it_all_the_same(self) -> None:
        story = told(
            'at: 01-31T00:00:00, pay: acme\n'
            'at: 02-08T12:00:00, hold: acme-1, type: pause, '
            'until: 2026-02-15',
            until='02-28',
            policy='pause_billed: true',
        )

        self.assertEqual('03-01 to 04-01: 10.00 open', story.invoices()[-1])
