# SPDX-License-Identifier: Apache-2.0
"""Questions in JSON are answered by the law, or refused by name."""

import datetime as dt
from decimal import Decimal
import json

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.domain import quote

CYCLE = {
    'op': 'cycle',
    'currency': 'USD',
    'unit_price': '10.00',
    'quantity': '1',
    'cycle': 'month',
    'anchor_day': 15,
    'timezone': 'UTC',
    'start': '2011-01-01',
    'end': '2011-02-27',
    'until': '2011-03-01',
}
CHANGE = {
    'op': 'change',
    'currency': 'USD',
    'cycle': 'month',
    'anchor_day': 1,
    'timezone': 'UTC',
    'at': '2012-05-12',
    'period': ['2012-05-01', '2012-06-01'],
    'billed': '249.95',
    'credited': '0.00',
    'old': {'quantity': '1', 'unit_price': '249.95'},
    'new': {'quantity': '2', 'unit_price': '249.95'},
}
LEFT_OUT = object()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=4,
)


def ask(question, **changed):
    fields = {
        name: value
        for name, value in (question | changed).items()
        if value is not LEFT_OUT
    }
    return quote.answer(fields)


def said(answer):
    return [
        (line.get('kind'), line['ratio'], line['amount'])
        for line in answer['lines']
    ]


class CycleTest(base.BaseTestCase):
    def test_a_life_with_two_stubs(self):
        self.assertEqual(
            {
                'lines': [
                    {
                        'start': '2011-01-01',
                        'end': '2011-01-15',
                        'ratio': '14/31',
                        'amount': '4.52',
                    },
                    {
                        'start': '2011-01-15',
                        'end': '2011-02-15',
                        'ratio': '31/31',
                        'amount': '10.00',
                    },
                    {
                        'start': '2011-02-15',
                        'end': '2011-02-27',
                        'ratio': '12/28',
                        'amount': '4.29',
                    },
                ],
                'total': '18.81',
            },
            ask(CYCLE),
        )

    def test_a_life_without_end_is_billed_as_far_as_asked(self):
        for end in (None, LEFT_OUT):
            answer = ask(CYCLE, end=end, until='2011-02-14')
            self.assertEqual('14.52', answer['total'])
            answer = ask(CYCLE, end=end, until='2011-02-15')
            self.assertEqual('24.52', answer['total'])

    def test_a_life_that_ends_when_it_starts_has_no_lines(self):
        self.assertEqual(
            {'lines': [], 'total': '0.00'}, ask(CYCLE, end='2011-01-01')
        )

    def test_cycles_of_days_need_no_anchor(self):
        answer = ask(CYCLE, cycle='days:30', anchor_day=LEFT_OUT)
        self.assertEqual(
            [(None, '30/30', '10.00'), (None, '27/30', '9.00')], said(answer)
        )

    def test_each_currency_has_its_digits(self):
        totals = [
            ask(CYCLE, currency=currency, until='2011-01-01')['total']
            for currency in ('JPY', 'EUR', 'KWD', 'CLF')
        ]
        self.assertEqual(['5', '4.52', '4.516', '4.5161'], totals)

    def test_by_the_day_an_instant_is_a_local_day(self):
        answer = ask(
            CYCLE,
            timezone='Asia/Tokyo',
            start='2010-12-31T15:00:00Z',
            end=None,
            until='2011-01-01',
        )
        self.assertEqual([(None, '14/31', '4.52')], said(answer))

    def test_by_the_second_cycles_begin_at_local_midnight(self):
        answer = ask(
            CYCLE,
            unit='second',
            timezone='Europe/Paris',
            anchor_day=31,
            start='2026-01-31T00:00:00+01:00',
            end='2026-03-01T00:00:00+01:00',
            until='2026-03-01T00:00:00+01:00',
        )
        self.assertEqual(
            [(None, '2419200/2419200', '10.00')]
            + [(None, '86400/2674800', '0.32')],
            said(answer),
        )
        self.assertEqual('2026-02-27T23:00:00Z', answer['lines'][1]['start'])


class ChangeTest(base.BaseTestCase):
    def test_an_upgrade_in_mid_cycle(self):
        self.assertEqual(
            {
                'lines': [
                    {
                        'kind': 'credit',
                        'start': '2012-05-12',
                        'end': '2012-06-01',
                        'ratio': '20/31',
                        'amount': '-161.26',
                    },
                    {
                        'kind': 'charge',
                        'start': '2012-05-12',
                        'end': '2012-06-01',
                        'ratio': '20/31',
                        'amount': '322.52',
                    },
                ],
                'total': '161.26',
            },
            ask(CHANGE),
        )

    def test_a_cancellation_has_no_charge(self):
        answer = ask(CHANGE, new=None)
        self.assertEqual([('credit', '20/31', '-161.26')], said(answer))
        self.assertEqual('-161.26', answer['total'])
        nothing = {'quantity': '0', 'unit_price': '249.95'}
        self.assertEqual(answer, ask(CHANGE, new=nothing))

    def test_a_change_to_the_same_level_writes_nothing(self):
        same = {'quantity': '1.0', 'unit_price': '249.950'}
        self.assertEqual(
            {'lines': [], 'total': '0.00'}, ask(CHANGE, new=same)
        )

    def test_a_credit_comes_from_what_was_billed(self):
        answer = ask(CHANGE, billed='100.00', new=None)
        self.assertEqual([('credit', '20/31', '-64.52')], said(answer))

    def test_a_credit_is_at_most_what_is_left(self):
        for credited, amount in (('200.00', '-49.95'), ('249.95', '0.00')):
            answer = ask(CHANGE, credited=credited, new=None)
            self.assertEqual([('credit', '20/31', amount)], said(answer))

    def test_a_change_on_the_first_day_gives_back_the_whole(self):
        answer = ask(CHANGE, at='2012-05-01', credited=LEFT_OUT)
        self.assertEqual(
            [('credit', '31/31', '-249.95'), ('charge', '31/31', '499.90')],
            said(answer),
        )

    def test_a_downgrade_on_the_first_day_is_billed_as_it_is(self):
        less = {'quantity': '1', 'unit_price': '100'}
        answer = ask(CHANGE, at='2012-05-01', new=less)
        self.assertEqual('-149.95', answer['total'])

    def test_a_stub_is_given_back_by_its_days_and_billed_by_its_cycle(self):
        answer = ask(
            CHANGE,
            anchor_day=15,
            at='2012-05-08',
            period=['2012-05-01', '2012-05-15'],
            billed='116.64',
        )
        self.assertEqual(
            [('credit', '7/14', '-58.32'), ('charge', '7/30', '116.64')],
            said(answer),
        )

    def test_what_was_not_held_has_nothing_to_give_back(self):
        nothing = {'quantity': '0', 'unit_price': '249.95'}
        answer = ask(CHANGE, old=nothing, billed='0.00')
        self.assertEqual([('charge', '20/31', '322.52')], said(answer))

    def test_a_quarter_is_found_from_either_end_of_the_period(self):
        for period in (
            ['2012-04-15', '2012-07-15'],
            ['2012-04-20', '2012-07-15'],
            ['2012-05-01', '2012-07-15'],
        ):
            answer = ask(
                CHANGE,
                cycle='quarter',
                anchor_day=15,
                period=period,
                billed='0.00',
            )
            self.assertEqual('64/91', answer['lines'][1]['ratio'])

    def test_a_month_of_a_quarter_is_taken_for_its_first(self):
        answer = ask(
            CHANGE, cycle='quarter', at='2012-02-12',
            period=['2012-02-01', '2012-03-01'],
        )  # fmt: skip
        self.assertEqual('18/90', answer['lines'][1]['ratio'])

    def test_by_the_second_the_hour_that_clocks_skip_is_not_counted(self):
        answer = ask(
            CHANGE,
            unit='second',
            timezone='Europe/Paris',
            at='2026-03-29T12:00:00+02:00',
            period=['2026-03-01T00:00:00+01:00', '2026-04-01T00:00:00+02:00'],
        )
        self.assertEqual(
            [
                ('credit', '216000/2674800', '-20.18'),
                ('charge', '216000/2674800', '40.37'),
            ],
            said(answer),
        )
        self.assertEqual('2026-03-29T10:00:00Z', answer['lines'][0]['start'])

    @hypothesis.given(
        st.integers(0, 30),
        st.integers(1, 9),
        st.integers(0, 9).filter(lambda new: new != 1),
        st.decimals('0.001', 1000, places=3),
        st.sampled_from(['JPY', 'EUR', 'KWD', 'CLF']),
    )
    def test_the_answer_is_what_the_invoice_will_say(
        self, day, old, new, unit_price, currency
    ):
        may = calendar.Period(dt.date(2012, 5, 1), dt.date(2012, 6, 1))
        at = may.start + dt.timedelta(days=day)
        before = may.start - dt.timedelta(days=1)
        changes = [
            proration.Change(
                moment, 'cores', pricing.Level(Decimal(quantity), unit_price)
            )
            for moment, quantity in ((before, old), (at, new))
        ]
        charge = proration.settle(may, changes[:1], [], currency)[0]
        posted = [proration.Posted('may', charge)]
        answer = ask(
            CHANGE,
            at=str(at),
            currency=currency,
            billed=money.plain(charge.amount, currency),
            old={'quantity': old, 'unit_price': str(unit_price)},
            new={'quantity': str(new), 'unit_price': str(unit_price)},
        )
        self.assertEqual(
            [
                (
                    line.kind,
                    str(line.ratio),
                    money.plain(line.amount, currency),
                )
                for line in proration.settle(may, changes, posted, currency)
            ],
            said(answer),
        )


class RefusalTest(base.BaseTestCase):
    def refused(self, question, field, **changed):
        answer = ask(question, **changed)
        self.assertEqual(['error'], list(answer))
        self.assertTrue(answer['error'].startswith(f'{field}: '), answer)

    def test_money_as_a_json_number_is_refused(self):
        for number in (10, 10.0):
            self.refused(CYCLE, 'unit_price', unit_price=number)
            self.refused(CHANGE, 'billed', billed=number)
            self.refused(CHANGE, 'credited', credited=number)
            level = {'quantity': '1', 'unit_price': number}
            self.refused(CHANGE, 'old.unit_price', old=level)
            self.refused(CHANGE, 'new.unit_price', new=level)

    def test_each_question_needs_its_fields(self):
        for question, optional in ((CYCLE, {'end'}), (CHANGE, {'credited'})):
            for field in question.keys() - optional:
                self.refused(question, field, **{field: LEFT_OUT})

    def test_what_is_wrong_is_refused_by_name(self):
        for field, wrong in (
            ('op', ('refund', None, [])),
            ('currency', ('EURO', 'BGN', None, ['EUR'])),
            ('unit_price', ('ten', '1e3', '-1', '', None)),
            ('quantity', ('-1', -1, 1.5, True, 'many', None)),
            ('cycle', ('week', 'days:0', 30, None)),
            ('anchor_day', (0, 32, '15', 1.0, True, None)),
            ('timezone', ('Mars/Olympus', '', None)),
            ('start', ('2011-02-30', '20110101', '01.01.2011', 2011, None)),
            ('end', ('2010-12-31', 'never', 5)),
            ('until', ('2010-12-31', None, '9999-01-01')),
            ('unit', ('hour', None)),
        ):
            for value in wrong:
                self.refused(CYCLE, field, **{field: value})

    def test_a_wrong_change_is_refused_by_name(self):
        for field, wrong in (
            ('at', ('2012-04-30', '2012-06-01', '2012-5-12', None)),
            ('period', (['2012-05-01'], ['2012-06-01', '2012-05-01'], None)),
            ('billed', ('-1.00', '1.001', 'all')),
            ('credited', ('250.00', '-0.01', None)),
            ('old', (None, [], 'one')),
            ('new', ([], 'one')),
        ):
            for value in wrong:
                self.refused(CHANGE, field, **{field: value})
        level = {'quantity': '-1', 'unit_price': '1.00'}
        self.refused(CHANGE, 'new.quantity', new=level)
        self.refused(CHANGE, 'billed', old=level | {'quantity': '0'})

    def test_what_is_wrong_is_told_in_words(self):
        years = 'of the years 1900 to 2999'
        nothing = {'quantity': '0', 'unit_price': '1.00'}
        for question, changed, words in (
            (CYCLE, {'op': 'refund'}, 'op: is not cycle, change or invoice'),
            (CYCLE, {'op': LEFT_OUT}, 'op: is missing'),
            (CYCLE, {'until': '2010-12-31'}, 'until: is before start'),
            (CYCLE, {'end': '2010-12-31'}, 'end: is before start'),
            (CYCLE, {'anchor_day': 0}, 'anchor_day: is not 1 to 31'),
            (CYCLE, {'unit': 'hour'}, 'unit: is not day or second'),
            (CYCLE, {'start': '1899-12-31'}, f'start: is not a date {years}'),
            (CYCLE, {'unit': 'second'},
             f'start: is not a date-time with an offset {years}'),
            (CYCLE, {'quantity': '-1'}, 'quantity: is below zero'),
            (CYCLE, {'x' * 50: 1}, f'{"x" * 40}: is not a field'),
            (CHANGE, {'at': '2012-04-30'}, 'at: is outside the period'),
            (CHANGE, {'credited': '250.00'},
             'credited: is more than was billed'),
            (CHANGE, {'old': nothing},
             'billed: is not zero, but the old quantity is'),
            (CHANGE, {'old': []}, 'old: must be an object'),
            (CHANGE, {'period': ['2012-05-01']},
             'period: is not a list of start and end'),
            (CHANGE, {'period': ['2012-05-01', 'x']},
             f'period: is not a date {years}'),
            (CHANGE, {'period': ['2012-05-01', '2012-05-01']},
             'period: does not end after its start'),
        ):  # fmt: skip
            self.assertEqual({'error': words}, ask(question, **changed))
        self.assertEqual({'error': 'must be an object'}, quote.answer([]))

    def test_a_field_nobody_knows_is_refused(self):
        self.refused(CHANGE, 'credits', credits='1.00')
        self.refused(CHANGE, 'new.price', new=CHANGE['new'] | {'price': '1'})

    def test_by_the_second_a_date_or_a_time_without_offset_is_refused(self):
        day = '2012-05-12'
        for start in (day, f'{day}T10:00:00', f'{day}T25:00:00Z'):
            self.refused(CYCLE, 'start', unit='second', start=start)

    def test_no_more_than_10000_lines_are_told(self):
        days = {'cycle': 'days:1', 'end': None, 'quantity': '0'}
        start = dt.date.fromisoformat(CYCLE['start'])
        most = start + dt.timedelta(days=quote.MAX_LINES - 1)
        answer = ask(CYCLE, **days, until=str(most))
        self.assertEqual(quote.MAX_LINES, len(answer['lines']))
        for until in (most + dt.timedelta(days=1), '2999-01-01'):
            self.assertEqual(
                {'error': 'until: is over 10000 lines on'},
                ask(CYCLE, **days, until=str(until)),
            )


class LineTest(base.BaseTestCase):
    def test_a_line_of_json_is_answered_by_one(self):
        self.assertEqual(
            '{"lines":[],"total":"0.00"}',
            quote.answer_line(json.dumps(CYCLE | {'end': CYCLE['start']})),
        )

    def test_what_is_no_question_is_answered_by_an_error(self):
        for text in ('', '{', '[]', '5', 'null', '"cycle"', '[' * 10**5):
            self.assertIn('error', json.loads(quote.answer_line(text)))
        self.assertEqual(
            '{"error":"the line is not JSON"}', quote.answer_line('{')
        )

    @hypothesis.given(st.text() | JSON.map(json.dumps))
    def test_no_line_at_all_stops_the_answers(self, text):
        answer = quote.answer_line(text)
        self.assertNotIn('\n', answer)
        self.assertIn('error', json.loads(answer))

    @hypothesis.given(st.sampled_from([CYCLE, CHANGE]), st.data())
    def test_no_field_at_all_stops_the_answers(self, question, data):
        field = data.draw(st.sampled_from(sorted(question)))
        wild = data.draw(JSON | st.sampled_from(list(question.values())))
        text = quote.answer_line(json.dumps(question | {field: wild}))
        self.assertIn(list(json.loads(text)), (['error'], ['lines', 'total']))
