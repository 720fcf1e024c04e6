# SPDX-License-Identifier: Apache-2.0
"""What is used in one period is on the invoice after it."""


from oslotest import base

from patrii_billing import errors
from patrii_billing.simulation import reading
from patrii_billing.simulation import run

STORY = """\
start: 2026-01-01T00:00:00Z
until: 2026-04-30T00:00:00Z
plans:
  - name: vps
    currency: EUR
    cycle: month
    prices:
      - {{kind: flavor, resource: s1, unit_price: "10.00"}}
      - {{kind: meter, resource: traffic, unit_price: "0.10",
         included: "100", per: "1000", unit: TB}}
accounts:
  - name: acme
    projects:
      - {{name: acme-prod, servers: [{{name: web, flavor: s1}}]}}
    subscriptions:
      - {{name: acme-1, plan: vps, project: acme-prod, start: 2026-01-01,
         paid_until: 2026-01-01}}
events:
  - {{at: 2026-01-02T09:00:00Z, pay: acme}}
  - {{at: 2026-01-26T09:00:00Z, pay: acme}}
  - {{at: 2026-02-26T09:00:00Z, pay: acme}}
  - {{at: 2026-03-28T09:00:00Z, pay: acme}}
{events}
"""


def invoiced(*events: str) -> list[tuple[str, str]]:
    """Day and amount of the invoices."""
    listed = '\n'.join(f'  - {{{each}}}' for each in events)
    scenario = reading.read(STORY.format(events=listed))
    return [
        (line['at'][:10], line['amount'])
        for line in run.run(scenario)
        if line['kind'] == 'invoice'
    ]


class MeteringTest(base.BaseTestCase):
    def test_usage_so_far_is_billed_and_the_rest_a_cycle_later(self) -> None:
        self.assertEqual(
            [
                ('2026-01-01', '10.00'),
                ('2026-01-25', '20.00'),
                ('2026-02-22', '20.00'),
                ('2026-03-25', '10.00'),
                ('2026-04-24', '10.00'),
            ],
            invoiced(
                usage('2026-01-05T09:00:00Z', '200000'),
                usage('2026-01-31T23:00:00Z', '100000'),
            ),
        )

    def test_what_is_included_costs_nothing(self) -> None:
        self.assertEqual(
            {'10.00'},
            {
                amount
                for _, amount in invoiced(
                    usage('2026-01-05T09:00:00Z', '100000')
                )
            },
        )

    def test_a_counter_counts_by_its_differences(self) -> None:
        billed = invoiced(
            usage('2026-01-05T09:00:00Z', '5000000', 'cumulative'),
            usage('2026-01-06T09:00:00Z', '5200000', 'cumulative'),
            usage('2026-01-07T09:00:00Z', '50000', 'cumulative'),
        )

        self.assertIn(('2026-01-25', '25.00'), billed)

    def test_the_usage_of_the_last_hours_of_a_contract_is_billed(
        self,
    ) -> None:
        billed = invoiced(
            'at: 2026-01-10T00:00:00Z, cancel: acme-1',
            usage('2026-01-31T23:30:00Z', '200000'),
        )

        self.assertEqual(
            [('2026-01-01', '10.00'), ('2026-02-03', '10.00')], billed
        )

    def test_a_sample_of_no_kind_is_refused_by_its_line(self) -> None:
        error = self.assertRaises(
            errors.InvalidInput,
            invoiced,
            usage('2026-01-05T09:00:00Z', '1', 'sum'),
        )

        self.assertIn('must be one of cumulative, gauge, delta', str(error))



def usage(at: str, volume: str, sample: str = 'delta') -> str:
    return (
        f'at: {at}, usage: web, meter: traffic, volume: "{volume}", '
        f'sample: {sample}'
    )
