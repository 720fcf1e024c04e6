# SPDX-License-Identifier: Apache-2.0
"""A test mail tells what a real mail server says, and never the password."""

import datetime as dt
from typing import Any

from patrii_billing.domain.lifecycle import Attempt
from patrii_billing.engine import trying
from tests.mailserver import postfix

_NOW = dt.datetime(2026, 2, 5, 14, 30, tzinfo=dt.UTC)


class TestMailTest(postfix.MailTestCase):
    def send(self, to: str, **given: Any) -> Any:
        voice = self.voice(
            'submission', smtp_tls='starttls', smtp_user='billing',
            smtp_cafile=self.postfix.cafile, **given,
        )  # fmt: skip
        return trying.send(voice, 'grace', to, 'en', _NOW).report

    def test_what_is_taken_says_by_which_way(self) -> None:
        told = self.send(self.jane, smtp_password='secret')

        self.assertEqual(Attempt.ACCEPTED, told.result, told.answer)
        self.assertIn('queued as', told.answer)
        self.assertEqual(('TLSv1.3', 'billing'), (told.tls, told.user))
        self.assertRegex(told.recipients[self.jane], '^250 2.1.5')
        self.assertNotIn('secret', ' '.join(told.dialogue))

    def test_an_address_that_is_unknown_is_named(self) -> None:
        nobody = self.person('nobody')
        told = self.send(nobody, smtp_password='secret')

        self.assertEqual(Attempt.REFUSED, told.result)
        self.assertRegex(told.recipients[nobody], '^550 5.1.1')

    def test_a_password_that_is_wrong_is_told_and_not_shown(self) -> None:
        told = self.send(self.jane, smtp_password='guessed')

        self.assertEqual(Attempt.DEFERRED, told.result)
        said = ' '.join(told.dialogue)
        self.assertEqual('', told.user)
        self.assertIn('< 535 5.7.8', said)
        self.assertNotIn('guessed', said)
