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
        self.assertEqual('', said())

    def test_what_is_not_his_or_not_shelved_by_us_stays(self) -> None:
        for reason, values in (
            ('nobody', {'by': ' '}),
            ('not of the account', {'owner': 2}),
            ('not of the account', {'owner': None}),
            ('not shelved by us', {'custody': None}),
            ('being shelved', {'custody': Custody.TAKEN}),
            ('only be stopped', {'custody': Custody.STOPPED}),
            ('not shelved by us', {'custody': Custody.EXEMPT}),
            ('not shelved by us', {'custody': Custody.RESTORED}),
            ('not shelved by us', {'custody': Custody.ABSENT}),
            ('abuse hold', {'holds': (standing.Hold(HoldType.ABUSE),)}),
        ):
            self.assertIn(reason, said(**values), values)
            self.assertIn(reason, said(begun=True, **values), values)

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
