# SPDX-License-Identifier: Apache-2.0
"""A payer writes a reference as he likes, and it is found."""

import hypothesis
from hypothesis import strategies as st
from oslotest import base
from stdnum import iso11649

from patrii_billing.domain import reference
from patrii_billing import errors
from tests.unit.domain import refusing

SERIES = st.text(
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', min_size=1, max_size=9
)
NUMBERS = st.integers(1, 10**8 - 1)


class ReferenceTest(base.BaseTestCase):
    def test_the_example_of_the_standard_is_sound(self):
        self.assertTrue(reference.is_sound('RF18539007547034'))
        self.assertFalse(reference.is_sound('RF19539007547034'))
        self.assertEqual(
            'RF18 5390 0754 7034', reference.spaced('RF18539007547034')
        )

    def test_what_has_no_reference_is_told_in_words(self):
        letters = 'series: is not 1 to 13 letters and digits'
        for series, number, words in (
            ('INV', 0, 'number: has no reference'),
            ('INV', 10**8, 'number: has no reference'),
            ('', 1, letters),
            ('A' * 14, 1, letters),
        ):
            self.assertEqual(
                words, refusing.told(reference.of_invoice, series, number)
            )

    def test_the_longest_series_has_a_reference_and_is_found(self):
        longest = reference.of_invoice('A' * 13, 1)
        self.assertEqual(25, len(longest))
        self.assertIn(longest, reference.found(f'for {longest}'))
        self.assertEqual((), reference.found(longest[:5]))

    def test_it_holds_1_to_21_signs_after_its_check_digits(self):
        for body, sound in (('25A', True), (f'57{"A" * 22}', False)):
            text = f'RF{body}'
            self.assertTrue(reference.is_sound(text))
            self.assertEqual(sound, text in reference.found(text))

    @hypothesis.given(SERIES, NUMBERS)
    def test_any_bank_can_check_it(self, series, number):
        self.assertTrue(
            iso11649.is_valid(reference.of_invoice(series, number))
        )

    @hypothesis.given(
        st.sampled_from(['INV', 'CN', 'EU-2026', 'x']),
        NUMBERS,
        st.text(max_size=20),
        st.sampled_from(['', ' ', '-']),
        st.booleans(),
    )
    def test_it_is_found_in_what_a_payer_wrote(
        self, series, number, around, apart, lower
    ):
        given = reference.of_invoice(series, number)
        text = reference.spaced(given).replace(' ', apart)
        if lower:
            text = text.lower()
        for said in (f'{around} {text}', f'{text} thank you', text):
            self.assertIn(given, reference.found(said))

    def test_what_holds_none_gives_none(self):
        for text in ('', 'invoice 12', 'RF', 'RF12', 'rf1x534', 'RF00INV1'):
            self.assertEqual((), reference.found(text))

    def test_two_in_one_text_are_both_found(self):
        one, other = (reference.of_invoice('INV', n) for n in (1, 2))
        found = reference.found(f'{one}, {other}')
        self.assertLess(found.index(one), found.index(other))

    @hypothesis.given(SERIES, NUMBERS, SERIES, NUMBERS)
    def test_no_two_invoices_share_one(self, series, number, other, second):
        hypothesis.assume((series, number) != (other, second))
        self.assertNotEqual(
            reference.of_invoice(series, number),
            reference.of_invoice(other, second),
        )

    def test_what_a_reference_cannot_hold_is_refused(self):
        for series, number, where in (
            ('', 1, 'series'),
            ('ABCDEFGHIJKLMN', 1, 'series'),
            ('INV', 0, 'number'),
            ('INV', 10**8, 'number'),
        ):
            error = self.assertRaises(
                errors.InvalidInput, reference.of_invoice, series, number
            )
            self.assertEqual(where, error.where)
