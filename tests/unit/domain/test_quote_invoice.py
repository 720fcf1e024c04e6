# SPDX-License-Identifier: Apache-2.0
"""Whatever an invoice says can be asked, and asked again as it was said."""

import copy
import json

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import quote
from tests.unit.domain import test_quote

VAT = {'name': 'VAT', 'rate': '20'}
INVOICE = {
    'op': 'invoice',
    'currency': 'EUR',
    'cycle': 'month',
    'anchor_day': 1,
    'timezone': 'Europe/Paris',
    'period': ['2026-01-01', '2026-02-01'],
    'prices': [
        {'kind': 'flavor', 'resource': 's1', 'unit_price': '10.00'},
        {'kind': 'flavor', 'resource': 's2', 'unit_price': '20.00'},
    ],
    'levels': [
        {
            'at': '2025-12-01',
            'kind': 'flavor',
            'resource': 's1',
            'quantity': '1',
            'server': 'web',
        }
    ],
}
RESIZED = {
    'at': '2026-01-12T10:00:00Z',
    'kind': 'flavor',
    'resource': 's2',
    'quantity': '1',
    'server': 'web',
}
CORES = {
    'kind': 'quota',
    'resource': 'cores',
    'tiers': [
        {'up_to': '4', 'unit_price': '10'},
        {'up_to': None, 'unit_price': '5'},
    ],
}
TRAFFIC = {
    'kind': 'meter',
    'resource': 'traffic',
    'unit_price': '0.10',
    'included': '100',
    'per': '1024',
    'unit': 'GB',
}


def ask(**changed):
    return test_quote.ask(INVOICE, **changed)


def said(answer):
    return [
        (line['kind'], line['resource'], line['ratio'], line['amount'])
        for line in answer['lines']
    ]


def with_price(**fields):
    """A question whose first price has these fields."""
    prices = copy.deepcopy(INVOICE['prices'])
    prices[0] |= fields
    return {'prices': prices}


def with_level(**fields):
    levels = copy.deepcopy(INVOICE['levels'])
    levels[0] |= fields
    return {'levels': levels}


class InvoiceTest(base.BaseTestCase):
    def test_a_line_says_all_that_it_rests_on(self):
        self.assertEqual(
            {
                'lines': [
                    {
                        'kind': 'charge',
                        'resource': 'web',
                        'label': 'web',
                        'start': '2026-01-01',
                        'end': '2026-02-01',
                        'quantity': '1',
                        'unit_price': '10.00',
                        'ratio': '31/31',
                        'amount': '10.00',
                        'discount': '1.00',
                        'net': '9.00',
                        'taxes': [VAT | {'amount': '1.80'}],
                        'reason': '10.00 EUR x 1 x 31/31 days',
                    }
                ],
                'net': '9.00',
                'taxes': [VAT | {'base': '9.00', 'amount': '1.80'}],
                'total': '10.80',
            },
            ask(taxes=[VAT], discounts=[{'name': 'a', 'percent': '10'}]),
        )

    def test_inclusive_prices_are_split(self):
        answer = ask(taxes=[VAT], tax_inclusive=True)
        self.assertEqual('8.33', answer['net'])
        self.assertEqual('10.00', answer['total'])

    def test_a_tax_may_be_rounded_once_for_the_whole(self):
        prices = [
            {'kind': 'flat', 'resource': name, 'unit_price': '0.02'}
            for name in 'abcdefghij'
        ]
        for rounding, total in (('line', '0.20'), ('total', '0.24')):
            answer = ask(
                prices=prices, levels=[], taxes=[VAT], tax_rounding=rounding
            )
            self.assertEqual(total, answer['total'])

    def test_an_answer_is_corrected_when_it_is_handed_in_again(self):
        terms = {
            'taxes': [VAT],
            'discounts': [{'name': 'five', 'amount': '5.00'}],
        }
        first = ask(**terms)
        levels = [*INVOICE['levels'], RESIZED]
        second = ask(levels=levels, posted=first['lines'], **terms)
        self.assertEqual(
            [
                ('credit', 'web', '20/31', '-6.45'),
                ('charge', 'web', '20/31', '12.90'),
            ],
            said(second),
        )
        self.assertEqual('1', second['lines'][0]['corrects'])
        posted = first['lines'] + second['lines']
        self.assertEqual(
            {'lines': [], 'net': '0.00', 'taxes': [], 'total': '0.00'},
            ask(levels=levels, posted=posted, **terms),
        )
        gone = [*levels, RESIZED | {'at': '2026-01-01', 'quantity': '0'}]
        gone[0] = gone[0] | {'quantity': '0'}
        gone[1] = gone[1] | {'quantity': '0'}
        last = ask(levels=gone, posted=posted, **terms)
        self.assertEqual(
            0,
            sum(
                round(100 * float(answer['total']))
                for answer in (first, second, last)
            ),
        )

    def test_a_posted_line_needs_no_more_than_what_was_billed(self):
        posted = {
            'resource': 'web', 'start': '2026-01-01', 'end': '2026-02-01',
            'quantity': '1', 'unit_price': '10.00', 'amount': '10.00',
        }  # fmt: skip
        self.assertEqual([], said(ask(posted=[posted])))
        given = posted | {
            'discount': '1.00', 'taxes': [VAT | {'amount': '1.80'}],
        }  # fmt: skip
        gone = with_level(quantity='0')
        [back] = ask(posted=[given], **gone)['lines']
        self.assertEqual(
            ('-10.00', '-1.00', '-9.00', [VAT | {'amount': '-1.80'}]),
            (back['amount'], back['discount'], back['net'], back['taxes']),
        )

    def test_what_was_charged_at_an_instant_may_be_posted(self):
        setup = {
            'resource': 'setup', 'start': '2026-01-01', 'end': '2026-01-01',
            'quantity': '1', 'unit_price': '7.00', 'amount': '7.00',
        }  # fmt: skip
        answer = ask(posted=[setup])
        self.assertEqual([('charge', 'web', '31/31', '10.00')], said(answer))

    def test_usage_that_was_given_back_is_given_back_once(self):
        asked = {'prices': [TRAFFIC], 'levels': []}
        first = ask(usage={'traffic': '204800'}, **asked)['lines']
        less = {'traffic': '153600'}
        back = ask(usage=less, posted=first, **asked)
        self.assertEqual([('credit', 'traffic', '1/2', '-5.00')], said(back))
        again = ask(usage=less, posted=first + back['lines'], **asked)
        self.assertEqual([], said(again))

    def test_a_life_is_billed_cycle_by_cycle_with_its_setup_fee(self):
        prices = [
            {'kind': 'flat', 'unit_price': '31'},
            {'kind': 'setup', 'unit_price': '7'},
        ]
        life = {
            'period': test_quote.LEFT_OUT,
            'prices': prices,
            'levels': [],
            'start': '2026-01-11',
            'until': '2026-02-01',
        }
        answer = ask(**life)
        self.assertEqual(
            [
                ('charge', 'setup', '1/1', '7.00'),
                ('charge', 'subscription', '21/31', '21.00'),
                ('charge', 'subscription', '28/28', '31.00'),
            ],
            said(answer),
        )
        self.assertEqual([], said(ask(posted=answer['lines'], **life)))

    def test_tiers_are_lines_of_their_own(self):
        cores = {'at': '2025-01-01', 'kind': 'quota', 'resource': 'cores'}
        answer = ask(prices=[CORES], levels=[cores | {'quantity': 6}])
        self.assertEqual(
            [('cores', '40.00'), ('cores, tier 2', '10.00')],
            [(line['label'], line['amount']) for line in answer['lines']],
        )

    def test_usage_is_billed_in_the_unit_of_its_price(self):
        asked = {'prices': [TRAFFIC], 'levels': []}
        first = ask(usage={'traffic': '204800'}, **asked)
        self.assertEqual([('charge', 'traffic', '1/1', '10.00')], said(first))
        late = ask(usage={'traffic': '307200'}, posted=first['lines'], **asked)
        self.assertEqual([('charge', 'traffic', '1/1', '10.00')], said(late))

    def test_a_price_meant_at_once_counts_from_its_day(self):
        prices = [
            *INVOICE['prices'],
            {
                'kind': 'flavor',
                'resource': 's1',
                'unit_price': '31.00',
                'valid_from': '2026-01-11',
            },
        ]
        self.assertEqual('10.00', ask(prices=prices)['total'])
        prices[-1]['at_once'] = True
        self.assertEqual('24.23', ask(prices=prices)['total'])

    def test_the_policy_of_a_day_is_asked_too(self):
        levels = [
            INVOICE['levels'][0],
            RESIZED,
            RESIZED | {'at': '2026-01-12T11:00:00Z', 'resource': 's1'},
        ]
        self.assertEqual('10.33', ask(levels=levels)['total'])
        self.assertEqual('10.00', ask(levels=levels, same_day='last')['total'])

    def test_by_the_second_the_hour_that_clocks_skip_is_not_counted(self):
        answer = ask(
            unit='second',
            period=['2026-03-01T00:00:00+01:00', '2026-04-01T00:00:00+02:00'],
            levels=[INVOICE['levels'][0] | {'at': '2026-03-31T00:00:00Z'}],
        )
        self.assertEqual(
            [('charge', 'web', '79200/2674800', '0.30')], said(answer)
        )

    def test_by_the_second_prices_and_taxes_are_those_of_the_local_day(self):
        since = {'valid_from': '2026-03-01'}
        old = TRAFFIC | {'unit_price': '0.20', 'valid_until': '2026-03-01'}
        answer = ask(
            unit='second',
            period=['2026-03-01T00:00:00+01:00', '2026-04-01T00:00:00+02:00'],
            prices=[old, TRAFFIC | since], levels=[],
            usage={'traffic': '204800'}, taxes=[VAT | since],
        )  # fmt: skip
        self.assertEqual(('10.00', '12.00'), (answer['net'], answer['total']))

    def test_a_change_counts_from_its_local_day(self):
        # 00:30 of the 12th in Paris.
        levels = [
            INVOICE['levels'][0], RESIZED | {'at': '2026-01-11T23:30:00Z'}
        ]  # fmt: skip
        self.assertEqual(
            [
                ('charge', 'web', '11/31', '3.55'),
                ('charge', 'web', '20/31', '12.90'),
            ],
            said(ask(levels=levels)),
        )

    def test_a_change_has_the_price_of_its_local_day(self):
        prices = [
            *INVOICE['prices'],
            {
                'kind': 'flavor', 'resource': 's2', 'unit_price': '31.00',
                'valid_from': '2026-01-12', 'at_once': True,
            },
        ]  # fmt: skip
        levels = [
            INVOICE['levels'][0], RESIZED | {'at': '2026-01-11T23:30:00Z'}
        ]  # fmt: skip
        self.assertEqual(
            [
                ('charge', 'web', '11/31', '3.55'),
                ('charge', 'web', '20/31', '20.00'),
            ],
            said(ask(prices=prices, levels=levels)),
        )

    def test_of_a_cycle_only_the_period_is_billed(self):
        answer = ask(period=['2026-01-11', '2026-02-01'])
        self.assertEqual([('charge', 'web', '21/31', '6.77')], said(answer))

    def test_a_discount_of_an_amount_is_given_in_each_cycle(self):
        answer = ask(
            period=['2026-01-01', '2026-03-01'],
            discounts=[{'name': 'five', 'amount': '5.00'}],
        )
        self.assertEqual(
            ['5.00', '5.00'], [line['discount'] for line in answer['lines']]
        )

    def test_the_policy_of_a_day_counts_for_tiers_too(self):
        cores = {'at': '2025-01-01', 'kind': 'quota', 'resource': 'cores'}
        day = '2026-01-12T1{}:00:00Z'
        levels = [
            cores | {'quantity': 4},
            cores | {'quantity': 5, 'at': day.format(0)},
            cores | {'quantity': 4, 'at': day.format(1)},
        ]
        for same_day, resources in (
            ('highest', ['cores', 'cores#2']), ('last', ['cores']),
        ):  # fmt: skip
            answer = ask(prices=[CORES], levels=levels, same_day=same_day)
            self.assertEqual(
                resources, [line['resource'] for line in answer['lines']]
            )

    def test_usage_of_several_tiers_is_billed_once(self):
        tiered = TRAFFIC | {'tiers': CORES['tiers'], 'per': '1'}
        asked = {
            'prices': [tiered], 'levels': [], 'usage': {'traffic': '106'},
        }  # fmt: skip
        first = ask(**asked)
        self.assertEqual(
            ['traffic', 'traffic#2'],
            [line['resource'] for line in first['lines']],
        )
        self.assertEqual([], said(ask(posted=first['lines'], **asked)))

    def test_a_month_of_a_quarter_is_taken_for_its_first(self):
        answer = ask(cycle='quarter', period=['2026-02-01', '2026-03-01'])
        self.assertEqual([('charge', 'web', '28/89', '3.15')], said(answer))

    def test_a_quarter_is_found_from_either_end_of_the_period(self):
        for period in (
            ['2026-01-01', '2026-04-01'],
            ['2026-02-10', '2026-04-01'],
        ):
            answer = ask(cycle='quarter', period=period)
            self.assertEqual(1, len(answer['lines']))
            self.assertTrue(answer['lines'][0]['ratio'].endswith('/90'))


class RefusalTest(base.BaseTestCase):
    def test_what_is_wrong_is_refused_by_name_and_in_words(self):
        level = INVOICE['levels'][0]
        line = ask()['lines'][0]
        for changed, words in (
            ({'color': 'red'}, 'color: is not a field'),
            ({'currency': 'XXX'},
             "currency: 'XXX' is not an active currency of ISO 4217"),
            ({'start': '2026-01-01'}, 'start: is given beside a period'),
            ({'end': '2026-01-01'}, 'end: is given beside a period'),
            ({'until': '2026-01-01'}, 'until: is given beside a period'),
            (with_price(valid_until='2026-01-01'),
             'prices: no price of flavor s1 on 2026-01-01'),
            (with_price(unit=5), 'prices[0].unit: is not a text'),
            ({'prices': [{'kind': 'flavor', 'resource': 's1'}]},
             'prices[0].unit_price: is missing'),
            ({'levels': [level | {'server': 'w' * 50},
                         {'kind': 'quota', 'resource': 'w' * 50,
                          'at': '2026-01-01', 'quantity': '1'}]},
             f"levels: two kinds are called {'w' * 40!r}"),
            ({'usage': {'t' * 50: '1'}}, f'usage.{"t" * 40}: has no price'),
            ({'prices': [TRAFFIC | {'resource': 't' * 50},
                         *INVOICE['prices']],
              'levels': [level | {'server': 't' * 50}],
              'usage': {'t' * 50: '1'}},
             f'usage.{"t" * 40}: is held too'),
            ({'period': ['2026-01-01', '2026-01-01']},
             'period: does not end after its start'),
            ({'prices': {}}, 'prices: is not a list'),
            ({'prices': ['s1']}, 'prices[0]: must be an object'),
            (with_price(kind='gift'),
             'prices[0].kind: '
             'is not one of flat, flavor, quota, meter, setup'),
            (with_price(unit_price=10),
             "prices[0].unit_price: "
             "must be a decimal number in a string, as '10.00'"),
            (with_price(unit_price='-1'),
             'prices[0].unit_price: is below zero'),
            (with_price(unit_price='cheap'),
             "prices[0].unit_price: 'cheap' is not a decimal number"),
            (with_price(resource=''), 'prices[0].resource: is not a text'),
            (with_price(price='1'), 'prices[0].price: is not a field'),
            (with_price(per='0'), 'prices[0].per: is not above zero'),
            (with_price(valid_from='today'),
             'prices[0].valid_from: is not a date'),
            (with_price(at_once='yes'),
             'prices[0].at_once: is not true or false'),
            (with_price(tiering='steep'),
             'prices[0].tiering: is not one of graduated, volume'),
            (with_price(tiers=[{'up_to': '1'}]),
             'prices[0].tiers[0].unit_price: is missing'),
            (with_price(tiers=[{'up_to': '1', 'unit_price': '1'}]),
             'prices[0].tiers[0].up_to: '
             'only the last tier, and always it, is without end'),
            (with_level(quantity='-1'), 'levels[0].quantity: is below zero'),
            (with_level(quantity=1.5),
             "levels[0].quantity: "
             "must be a decimal number in a string, as '10.00'"),
            (with_level(kind='meter'),
             'levels[0].kind: is not flavor or quota'),
            (with_level(at='soon'),
             'levels[0].at: is not a date of the years 1900 to 2999'),
            (with_level(resource='s9'),
             'prices: no price of flavor s9 on 2026-01-01'),
            ({'levels': [level, {'kind': 'quota', 'resource': 'web',
                                 'at': '2026-01-01', 'quantity': '1'}]},
             "levels: two kinds are called 'web'"),
            ({'same_day': 'first'}, 'same_day: is not one of highest, last'),
            ({'usage': []}, 'usage: must be an object'),
            ({'usage': {'traffic': '1'}}, 'usage.traffic: has no price'),
            ({'usage': {'traffic': '-1'}}, 'usage.traffic: is below zero'),
            ({'usage': {'traffic': '1'},
              'period': ['2026-01-01', '2026-03-01']},
             'usage: is of one cycle, and so is asked'),
            ({'taxes': [{'name': 'VAT', 'rate': 20}]},
             "taxes[0].rate: "
             "must be a decimal number in a string, as '10.00'"),
            ({'tax_inclusive': 'no'}, 'tax_inclusive: is not true or false'),
            ({'tax_rounding': 'down'},
             'tax_rounding: is not one of line, total'),
            ({'discounts': [{'name': 'a'}]},
             'discounts[0]: needs a percent or an amount'),
            ({'posted': [line | {'amount': 10}]},
             "posted[0].amount: "
             "must be a decimal number in a string, as '10.00'"),
            ({'posted': [line | {'amount': '-1.00', 'net': '-1.00'}]},
             'posted[0].amount: of a credit is below zero, of a charge above'),
            ({'posted': [line | {'net': '9.00'}]},
             'posted[0].net: '
             'is not amount less discount, with or without the taxes'),
            ({'posted': [line | {'ratio': '1'}]},
             'posted[0].ratio: is not a ratio'),
            ({'posted': [line | {'key': 'a'}, line | {'key': 'a'}]},
             'posted[1].key: is given twice'),
            ({'posted': [line | {'kind': 'credit', 'amount': '-1.00',
                                 'net': '-1.00', 'corrects': '7'}]},
             'posted[0].corrects: is no line before it'),
            ({'posted': [line | {'kind': 'credit', 'amount': '-1.00',
                                 'net': '-1.00'}]},
             'posted[0].corrects: is missing'),
            (with_price(valid_from=5), 'prices[0].valid_from: is not a date'),
            (with_price(valid_from='2026-01-01T00:00:00Z'),
             'prices[0].valid_from: is not a date'),
            ({'prices': [TRAFFIC | {'resource': 'web'}, *INVOICE['prices']],
              'usage': {'web': '1'}},
             'usage.web: is held too'),
            ({'period': test_quote.LEFT_OUT, 'start': '2026-01-01',
              'until': '2026-01-01', 'end': '2026-01-01'},
             'end: is not after start'),
            ({'period': ['2000-01-01', '2026-01-01']},
             'period: is over 240 cycles on'),
            ({'posted': [line | {'start': 'soon'}]},
             'posted[0].start: is not a date of the years 1900 to 2999'),
            ({'posted': [line | {'end': 'later'}]},
             'posted[0].end: is not a date of the years 1900 to 2999'),
            ({'posted': [line | {'reason': 5}]},
             'posted[0].reason: is not a text'),
            ({'posted': [line | {'end': '2025-01-01'}]},
             'posted[0].end: is before start'),
        ):  # fmt: skip
            self.assertEqual({'error': words}, ask(**changed), changed)

    def test_a_question_without_end_is_refused(self):
        answer = ask(
            period=test_quote.LEFT_OUT, start='2000-01-01', until='2900-01-01'
        )
        self.assertIn('until: is over 240 cycles', answer['error'])

    @hypothesis.given(
        st.sampled_from(
            sorted(INVOICE.keys() | {'usage', 'taxes', 'discounts', 'posted'})
        ),
        test_quote.JSON,
    )
    def test_no_field_at_all_stops_the_answers(self, field, value):
        json.loads(quote.answer_line(json.dumps(INVOICE | {field: value})))

    @hypothesis.given(st.data(), test_quote.JSON)
    def test_nothing_within_a_field_stops_the_answers(self, data, value):
        first = ask()
        question = copy.deepcopy(INVOICE) | {
            'posted': first['lines'],
            'prices': [*INVOICE['prices'], CORES, TRAFFIC],
            'usage': {'traffic': '1'},
            'taxes': [VAT],
            'discounts': [{'name': 'a', 'amount': '1.00'}],
        }
        question = copy.deepcopy(question)
        name = data.draw(
            st.sampled_from(
                ['prices', 'levels', 'posted', 'taxes', 'discounts']
            )
        )
        entry = data.draw(st.sampled_from(question[name]))
        entry[data.draw(st.sampled_from(sorted(entry)))] = value
        json.loads(quote.answer_line(json.dumps(question)))
