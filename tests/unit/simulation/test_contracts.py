# SPDX-License-Identifier: Apache-2.0
"""Contracts and invoices in scenarios: what people change and take back."""

from oslotest import base

from patrii_billing import errors
from patrii_billing.simulation import reading
from tests.unit import stories

_HALF = """\
  - {name: half, currency: EUR, cycle: month,
     prices: [{kind: flavor, resource: s1, unit_price: "5.00"}]}
accounts:
"""


def lines(*events: str, until: str = '2026-03-02') -> list[str]:
    """The documents of a scenario: when, which, how much."""
    text = stories.text(
        '\n'.join(events),
        start='2026-01-28T00:00:00Z',
        until=f'{until}T00:00:00Z',
    )
    story = stories.Story(text.replace('accounts:\n', _HALF, 1)).play()
    return [
        f'{line["at"][5:10]} {line["name"]} {line["amount"]} {line["result"]}'
        for line in story.lines
        if line['kind'] == 'invoice'
    ]


class ContractEventsTest(base.BaseTestCase):
    def test_a_leaver_is_billed_to_his_day(self) -> None:
        self.assertEqual(
            ['01-30 INV-000001 10.00 open',
             '02-10 CN-000001 -5.00 credit note'],
            lines(
                'at: 01-31T00:00:00, pay: acme',
                'at: 02-10T00:00:00, cancel: acme-1, on: 2026-02-15',
            ),
        )  # fmt: skip

    def test_a_cancellation_withdrawn_is_billed_again(self) -> None:
        self.assertEqual(
            ['01-30 INV-000001 10.00 open',
             '01-31 CN-000001 -10.00 credit note',
             '01-31 INV-000001 10.00 void',
             '01-31 INV-000002 10.00 open'],
            lines(
                'at: 01-31T00:00:00, cancel: acme-1',
                'at: 01-31T06:00:00, keep: acme-1',
                until='2026-02-01',
            ),
        )  # fmt: skip

    def test_plan_and_anchor_change(self) -> None:
        self.assertEqual(
            ['01-30 INV-000001 2.26 open', '02-13 INV-000002 5.00 open'],
            lines(
                'at: 01-29T00:00:00, plan_change: acme-1, plan: half',
                'at: 01-29T00:00:00, anchor_change: acme-1, day: 15',
                'at: 01-31T00:00:00, pay: acme',
                until='2026-02-15',
            ),
        )

    def test_finance_takes_back(self) -> None:
        self.assertEqual(
            ['01-30 INV-000001 10.00 open',
             '01-30 CN-000001 -10.00 credit note',
             '01-30 INV-000001 10.00 void',
             '01-30 INV-000002 10.00 open',
             '01-31 CN-000002 -4.00 credit note',
             '01-31 INV-000002 6.00 written off'],
            lines(
                'at: 01-30T06:00:00, void: INV-000001, again: true',
                'at: 01-31T00:00:00, credit: INV-000002, amount: "4.00"',
                'at: 01-31T01:00:00, write_off: INV-000002',
                until='2026-02-02',
            ),
        )  # fmt: skip

    def test_what_is_wrong_is_named_with_its_line(self) -> None:
        for event, said in (
            ('cancel: acme-2', 'there is no subscription acme-2'),
            (
                'cancel: acme-1, when: 2026-02-01',
                'events[0].when: unknown key',
            ),
            ('plan_change: acme-1', 'plan is missing'),
            ('plan_change: acme-1, plan: none', 'there is no plan none'),
            ('anchor_change: acme-1', 'day is missing'),
            ('cancel: acme-1, on: soon', 'soon'),
        ):
            with self.subTest(event):
                text = stories.text(f'at: 01-31T00:00:00, {event}')
                error = self.assertRaises(
                    errors.InvalidInput, reading.read, text, 's.yaml'
                )
                self.assertIn(said, str(error))
                self.assertIn('s.yaml:', str(error))

    def test_what_makes_no_sense_at_its_time_is_an_error(self) -> None:
        for event in (
            'void: INV-000009', 'anchor_change: acme-1, day: 32',
            'credit: INV-000001, amount: "10.01"',
            'cancel: acme-1, on: 2025-01-01',
        ):  # fmt: skip
            with self.subTest(event):
                self.assertRaises(
                    errors.InvalidInput, lines, f'at: 01-31T00:00:00, {event}'
                )
