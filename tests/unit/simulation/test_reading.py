# SPDX-License-Identifier: Apache-2.0
"""A mistake in a scenario is refused by file, line and field."""

from oslotest import base

from patrii_billing import errors
from patrii_billing.simulation import reading
from patrii_billing.simulation import run

GOOD = """\
start: 2026-01-01T00:00:00Z
until: 2026-02-12T00:00:00Z
policy:
  invoice_lead: 7d
  shelve_window: {hours: 09:00-17:00, holidays: [2026-02-02]}
plans:
  - name: vps
    currency: EUR
    cycle: month
    prices: [{kind: flavor, resource: s1, unit_price: "10.00"}]
accounts:
  - name: acme
    timezone: Europe/Paris
    policy: {undo: 3d, delete_window: {holidays: [2026-02-02]}}
    projects:
      - name: acme-prod
        quota: {cores: 8}
        servers: [{name: web, flavor: s1, state: ACTIVE}]
    subscriptions:
      - name: acme-1
        plan: vps
        project: acme-prod
        start: 2026-01-01
        paid_until: 2026-02-01
events:
  - {at: 2026-02-02T09:00:00Z, pay: acme, amount: "4.00"}
  - {at: 2026-02-05T10:00:00Z, hold: acme-1, type: promise, until: 2026-02-10}
  - {from: 2026-02-06T00:00:00Z, to: 2026-02-08T00:00:00Z, down: daemon}
  - {from: 2026-02-08T00:00:00Z, to: 2026-02-09T00:00:00Z, nova: 500}
  - {at: 2026-02-10T00:00:00Z, lock: web, by: owner}
"""

# (what stands there, what is written instead, the line that is named)
WRONG = [
    ('until: 2026-02-12T00:00:00Z', 'untill: 2026-02-12T00:00:00Z', 2),
    ('until: 2026-02-12T00:00:00Z', 'until: 2026-02-12', 2),
    ('until: 2026-02-12T00:00:00Z', 'until: 2025-02-12T00:00:00Z', 2),
    ('start: 2026-01-01T00:00:00Z', 'start: soon', 1),
    ('start: 2026-01-01T00:00:00Z', 'start: 2026-01-01T00:00:00', 1),
    ('invoice_lead: 7d', 'invoice_led: 7d', 4),
    ('invoice_lead: 7d', 'invoice_lead: 7', 4),
    ('invoice_lead: 7d', 'tolerance: -1', 4),
    ('hours: 09:00-17:00', 'hours: late', 5),
    ('name: vps', 'name: vps\n    colour: red', 8),
    ('currency: EUR', 'currency: XXZ', 8),
    ('currency: EUR\n', 'curency: EUR\n', 8),
    ('cycle: month', 'cycle: fortnight', 9),
    ('kind: flavor', 'kind: flavour', 10),
    ('"10.00"', '10.00', 10),
    ('"10.00"', '"ten"', 10),
    ('"10.00"', '"-1"', 10),
    ('cycle: month', 'cycle: month\n    unit: hour', 10),
    ('cycle: month', 'cycle: month\n    trial_days: soon', 10),
    ('"10.00"', '"10.00", per: "2"', 10),
    ('timezone: Europe/Paris', 'timezone: Europe/Pariss', 13),
    ('timezone: Europe/Paris', 'taxes: [{name: VAT, rate: 20}]', 13),
    ('timezone: Europe/Paris', 'taxes: [{name: VAT, percent: "20"}]', 13),
    ('timezone: Europe/Paris', 'discounts: [{name: d, amount: "1.005"}]', 13),
    ('timezone: Europe/Paris', 'address: {name: a, country: France}', 13),
    ('undo: 3d', 'undo: 3', 14),
    ('undo: 3d', 'undoo: 3d', 14),
    ('cores: 8', 'cores: eight', 17),
    ('cores: 8', 'cores: -8', 17),
    ('state: ACTIVE', 'state: RUNNING', 18),
    ('flavor: s1, state', 'flavour: s1, state', 18),
    ('plan: vps', 'plan: vsp', 21),
    ('project: acme-prod', 'project: acme-prd', 22),
    ('start: 2026-01-01\n', 'start: tomorrow\n', 23),
    ('paid_until: 2026-02-01', 'paid_until: 2025-02-01', 24),
    ('paid_until: 2026-02-01', 'server: wbe', 24),
    ('pay: acme', 'pay: acne', 26),
    ('pay: acme', 'pays: acme', 26),
    ('amount: "4.00"', 'amount: 4.00', 26),
    ('amount: "4.00"', 'sum: "4.00"', 26),
    ('at: 2026-02-02T09:00:00Z, ', '', 26),
    ('type: promise', 'type: vow', 27),
    ('until: 2026-02-10', 'until: later', 27),
    ('hold: acme-1', 'hold: acme', 27),
    ('down: daemon', 'down: sun', 28),
    ('to: 2026-02-08T', 'to: 2026-02-05T', 28),
    (', down: daemon', '', 28),
    ('nova: 500', 'nova: away', 29),
    ('by: owner', 'by: ghost', 30),
    ('lock: web', 'lock: wbe', 30),
    ('lock: web, by: owner', 'boot: db, project: acme-dev', 30),
    ('lock: web, by: owner', 'boot: web', 30),
    ('accounts:', 'accounts: [', 12),
]


class ReadingTest(base.BaseTestCase):
    def test_a_good_scenario_is_read_and_runs(self) -> None:
        lines = list(run.run(reading.read(GOOD)))

        self.assertIn('shelve', [line['name'] for line in lines])

    def test_each_mistake_is_named_by_file_and_line(self) -> None:
        for good, bad, line in WRONG:
            self.assertIn(good, GOOD)
            text = GOOD.replace(good, bad, 1)
            error = self.assertRaises(
                errors.InvalidInput, reading.read, text, 'acme.yaml'
            )
            self.assertEqual(
                f'acme.yaml:{line}', ':'.join(error.where.split(':')[:2]), bad
            )

    def test_what_is_missing_or_twice_is_named(self) -> None:
        for text in (
            '',
            '[]',
            'start: 2026-01-01T00:00:00Z',
            GOOD + 'events: []\n',
            GOOD.replace(
                'events:',
                '      - {name: acme-2, plan: vps, project: acme-prod, '
                'start: 2026-01-01}\nevents:',
            ),  # two that cover one project
            GOOD.replace('- name: acme-1', '- plan: vps\n        plan: vps'),
            GOOD.replace('servers: [', 'servers: [{name: web, flavor: s1}, '),
        ):
            error = self.assertRaises(
                errors.InvalidInput, reading.read, text, 'acme.yaml'
            )
            self.assertTrue(error.where.startswith('acme.yaml:'), text)

    def test_an_event_that_makes_no_sense_at_its_time_is_named(self) -> None:
        for event in (
            'charge_back: acme',
            'release: acme-1, type: abuse',
            'hold: acme-1, type: promise, until: 2026-01-01',
        ):
            text = GOOD.replace('pay: acme, amount: "4.00"', event)
            error = self.assertRaises(
                errors.InvalidInput, list,
                run.run(reading.read(text, 'acme.yaml')),
            )  # fmt: skip
            self.assertTrue(error.where.startswith('acme.yaml:26'), event)
