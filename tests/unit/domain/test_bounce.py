# SPDX-License-Identifier: Apache-2.0
"""What a bounce says of whom, and whether it will be so again."""

from oslotest import base

from patrii_billing.domain import bounce

MINE = 'ann@acme.example'


class StatusTest(base.BaseTestCase):
    def test_the_first_status_in_a_text_counts(self) -> None:
        for text, status in (
            ('550 5.1.1 no such user (5.7.0)', '5.1.1'),
            ('550 no such user', ''),
        ):
            self.assertEqual(status, bounce.status(text))


class LastingTest(base.BaseTestCase):
    """Whether the next mail would come back as well."""

    def test_what_will_not_pass(self) -> None:
        for status in ('5.1.1', '5.1.2', '5.1.10', '5.2.1', '5.4.4', ''):
            self.assertTrue(self.lasts(status), status)

    def test_what_may_pass_or_lies_with_us(self) -> None:
        for status in ('4.4.7', '5.2.2', '5.3.4', '5.6.1', '5.7.1', '5.7.26'):
            self.assertFalse(self.lasts(status), status)

    def test_what_is_only_late_is_not_for_good(self) -> None:
        verdict = bounce.Verdict(bounce.Fate.DELAYED, (MINE,), '5.1.1')

        self.assertFalse(verdict.is_lasting)

    def lasts(self, status: str) -> bool:
        verdict = bounce.Verdict(bounce.Fate.FAILED, (MINE,), status)
        return verdict.is_lasting


class RecipientTest(base.BaseTestCase):
    """Of which of its recipients a mail came back."""

    def test_the_case_of_letters_says_nothing(self) -> None:
        self.assertEqual(MINE, self.whose('Ann@ACME.example', MINE, 'b@x.org'))

    def test_a_domain_is_known_in_either_form(self) -> None:
        self.assertEqual(
            'a@müller.example',
            self.whose('a@xn--mller-kva.example', 'a@müller.example', MINE),
        )

    def test_a_mail_to_one_came_back_from_him(self) -> None:
        self.assertEqual(MINE, self.whose('hidden@elsewhere.example', MINE))

    def test_of_several_it_may_not_be_told(self) -> None:
        self.assertIsNone(
            self.whose('hidden@elsewhere.example', MINE, 'bob@acme.example')
        )

    def whose(self, address: str, *recipients: str) -> str | None:
        verdict = bounce.Verdict(bounce.Fate.FAILED, (address,))
        return bounce.recipient(verdict, recipients)
