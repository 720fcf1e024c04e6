# SPDX-License-Identifier: Apache-2.0
"""An owner's own wish; one yes among many noes."""

import dataclasses
import datetime as dt

from oslotest import base

from patrii_billing.domain.lifecycle import Custody
from patrii_billing.domain.lifecycle import HoldType
from patrii_billing.domain import standing
from patrii_billing.domain import wishes

NOW = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
WISH = wishes.Wish('jane', NOW, 1, 1, Custody.SHELVED)


def said(begun: bool = False, now: dt.datetime = NOW, **values: object) -> str:
    wish = dataclasses.replace(WISH, **values)
    refusal = wishes.refuse(wish, begun, now)
    return refusal.why if refusal else ''


class WishTest(base.BaseTestCase):
    def test_an_owner_may_give_up_what_we_shelved(self) -> None:
        self.assertIsNone(wishes.refuse(WISH, False, NOW))

    def test_what_is_not_his_or_not_shelved_by_us_stays(self) -> None:
        not_ours = 'it is not shelved by us'
        for reason, values in (
            ('nobody is known to have asked for it', {'by': ' '}),
            ('its project is not of the account that asked', {'owner': 2}),
            ('its project is not of the account that asked', {'owner': None}),
            (not_ours, {'custody': None}),
            ('it is being shelved still', {'custody': Custody.TAKEN}),
            (
                'it could only be stopped, and nothing of it would be kept',
                {'custody': Custody.STOPPED},
            ),
            (not_ours, {'custody': Custody.EXEMPT}),
            (not_ours, {'custody': Custody.RESTORED}),
            (not_ours, {'custody': Custody.ABSENT}),
            (
                'an abuse hold is in force',
                {'holds': (standing.Hold(HoldType.ABUSE),)},
            ),
        ):
            self.assertEqual(reason, said(**values), values)
            self.assertEqual(reason, said(begun=True, **values), values)

    def test_every_no_is_final(self) -> None:
        wish = dataclasses.replace(WISH, custody=None)
        refusal = wishes.refuse(wish, False, NOW)

        self.assertTrue(refusal and refusal.final)

    def test_a_promise_or_a_pause_is_no_reason_against_it(self) -> None:
        holds = (
            standing.Hold(HoldType.PROMISE, NOW + HOUR),
            standing.Hold(HoldType.PAUSE),
            standing.Hold(HoldType.ABUSE, NOW),  # over
        )

        self.assertEqual('', said(holds=holds))

    def test_it_grows_stale_unless_it_is_begun(self) -> None:
        late = NOW + wishes.STALE_AFTER

        self.assertEqual('', said(now=late))
        self.assertIn('3 days', said(now=late + HOUR))
        self.assertEqual('', said(begun=True, now=late + HOUR))
