# SPDX-License-Identifier: Apache-2.0
"""A form is asked twice, and what it asks for is done once."""

from collections.abc import Mapping
from typing import Any
from unittest import mock

from django import http
from django import test
from oslotest import base

from patrii_billing import client
from patrii_billing.horizon.actions import forms as action_forms
from patrii_billing.horizon.customers import forms
from patrii_billing.horizon import deeds
from patrii_billing.horizon import service

_HOLD = {'type': 'promise', 'until': '2026-12-01', 'reason': 'by phone'}


class Api:
    """Notes what is asked for; refuses it with the words it is given."""

    def __init__(self, answer: Mapping[str, Any], refusal: str = '') -> None:
        self.asked: list[tuple[str, Mapping[str, Any], bool, str]] = []
        self._answer = answer
        self._refusal = refusal

    def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any],
        *,
        dry_run: bool,
        key: str,
    ) -> Mapping[str, Any]:
        self.asked.append((f'{method} {path}', body, dry_run, key))
        if self._refusal:
            raise client.Refused(409, 'billing.conflict', self._refusal)
        if dry_run:
            return {'dry_run': True, 'would': [], 'answer': self._answer}
        return self._answer


class DeedTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.api = Api({'until': '2026-11-30T23:00:00Z'})
        self.request = test.RequestFactory().post('/')
        self.use('of', lambda _request: self.api)
        patch = mock.patch.object(deeds.messages, 'success')
        self.said = patch.start()
        self.addCleanup(patch.stop)

    def use(self, name: str, stand_in: Any) -> None:
        patch = mock.patch.object(service, name, stand_in)
        patch.start()
        self.addCleanup(patch.stop)

    def send(
        self,
        kind: type[deeds.Deed],
        fields: Mapping[str, str],
        target: Mapping[str, Any],
    ) -> tuple[bool, deeds.Deed]:
        """Press the button; whether it was done, and the form after it."""
        data = http.QueryDict(mutable=True)
        data.update({'key': 'k', **fields})
        form = kind(self.request, data, initial={'target': target})
        self.assertTrue(form.is_valid(), form.errors)
        return form.handle(self.request, form.cleaned_data), form

    def hold(self, **fields: str) -> tuple[bool, deeds.Deed]:
        wanted = {**_HOLD, **fields}
        return self.send(forms.Hold, wanted, {'subscription_id': 7})

    def test_the_first_press_only_shows_what_would_follow(self):
        done, form = self.hold()

        self.assertFalse(done)
        path = 'POST /v1/subscriptions/7/holds'
        self.assertEqual([(path, _HOLD, True, 'k')], self.api.asked)
        self.assertEqual(
            ['The ladder stands still until 30 Nov. 2026, 23:00.'],
            form.foreseen,
        )

    def test_the_second_press_has_it_done_under_the_same_key(self):
        _, form = self.hold()
        done, _ = self.hold(agreed=form.data['agreed'])

        self.assertTrue(done)
        self.assertEqual(
            [(True, 'k'), (False, 'k')], [one[2:] for one in self.api.asked]
        )
        self.said.assert_called_once()

    def test_what_was_changed_after_it_was_shown_is_shown_again(self):
        _, form = self.hold()
        done, again = self.hold(
            agreed=form.data['agreed'], until='2027-12-01'
        )

        self.assertFalse(done)
        self.assertEqual([True, True], [one[2] for one in self.api.asked])
        self.assertIsNotNone(again.foreseen)

    def test_what_is_refused_stands_on_the_form_in_the_words_of_the_api(self):
        self.api = Api({}, 'until: must not be past')

        done, form = self.hold()

        self.assertFalse(done)
        self.assertEqual(
            ['until: must not be past'], form.non_field_errors()
        )
        self.assertIsNone(form.foreseen)

    def test_an_action_is_called_off_until_a_day_for_a_reason(self):
        self.api = Api({'cancelled_too': [5], 'until': None})

        _, form = self.send(
            action_forms.Cancel,
            {'reason': 'a mistake', 'until': '2026-12-24'},
            {'action_id': 4},
        )

        (asked,) = self.api.asked
        self.assertEqual('POST /v1/actions/4/cancel', asked[0])
        self.assertEqual(
            {'reason': 'a mistake', 'until': '2026-12-24'}, asked[1]
        )
        self.assertEqual(['Action 5 is called off, too.'], form.foreseen)

    def test_what_waits_is_tried_again_by_its_number(self):
        self.api = Api({})

        self.send(action_forms.Retry, {}, {'action_id': 4})

        self.assertEqual('POST /v1/actions/4/retry', self.api.asked[0][0])

    def test_a_mail_is_sent_again_by_its_number(self):
        self.api = Api({'account_name': 'acme', 'template': 'grace'})

        _, form = self.send(forms.Resend, {}, {'notice_id': 9})

        self.assertEqual('POST /v1/notices/9/resend', self.api.asked[0][0])
        self.assertEqual(
            ['acme gets this mail once more: Grace begins.'], form.foreseen
        )
