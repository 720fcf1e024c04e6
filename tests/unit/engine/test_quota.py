# SPDX-License-Identifier: Apache-2.0
"""A quota is changed as asked for, frozen in arrears, and put back."""

import contextlib
import itertools

from oslotest import base

from patrii_billing.engine import quota
from patrii_billing import errors
from patrii_billing.store import schema
from tests.unit.engine import test_crash
from tests.unit import fuses
from tests.unit import stories

FREEZE = 'freeze_quota: true'
OWN = {'cores': 8, 'instances': 10, 'ram': 20480}
FROZEN = {'cores': 1, 'instances': 1, 'ram': 512}


class FreezeTest(base.BaseTestCase):
    def quota(self, story: stories.Story) -> dict[str, int]:
        return story.world.quotas.quotas['acme-prod']

    def test_grace_freezes_it_and_a_payment_puts_it_back(self) -> None:
        story = stories.Story(
            stories.text('at: 02-02T00:00:00, pay: acme', policy=FREEZE)
        ).play('02-02')
        self.assertEqual(FROZEN, self.quota(story))

        story.play()
        self.assertEqual(OWN, self.quota(story))
        self.assertEqual(['grace', 'active'], story.statuses())

    def test_it_is_back_before_the_servers_are(self) -> None:
        story = stories.told('at: 02-04T00:00:00, pay: acme', policy=FREEZE)

        self.assertEqual(
            ['quota_change', 'restore'],
            [one.split()[-2] for one in story.told('action')[-2:]],
        )
        self.assertEqual(OWN, self.quota(story))

    def test_without_the_policy_it_is_left_alone(self) -> None:
        story = stories.told(until='2026-02-02T00:00:00Z')

        self.assertEqual(OWN, self.quota(story))

    def test_what_somebody_set_by_hand_meanwhile_stays(self) -> None:
        story = stories.Story(
            stories.text('at: 02-04T00:00:00, pay: acme', policy=FREEZE)
        ).play('02-02')
        story.world.quotas.set('acme-prod', {'cores': 99})
        story.play()

        self.assertEqual(99, self.quota(story)['cores'])
        self.assertEqual('active', story.sub().billing_status)

    def test_whoever_pays_before_it_could_be_frozen_is_not_frozen(
        self,
    ) -> None:
        story = stories.told(
            """
            from: 02-01T00:00:00, to: 02-01T02:00:00, nova: 500
            at: 02-01T01:00:00, pay: acme
            """,
            policy=FREEZE,
            until='2026-02-02T00:00:00Z',
        )

        self.assertEqual(OWN, self.quota(story))
        self.assertEqual(
            ['02-01 02:00:00 action quota_change cancelled'],
            story.told('action')[-1:],
        )

    def test_whoever_pays_in_the_middle_of_it_is_thawed(self) -> None:
        story = stories.Story(
            stories.text('at: 02-01T01:00:00, pay: acme', policy=FREEZE)
        ).play('02-01')
        setter = story.world.quotas.set
        story.world.quotas.set = _unavailable  # written down, not done
        story.play('02-01 01:00:05')
        story.world.quotas.set = setter
        story.play()

        self.assertEqual(OWN, self.quota(story))
        self.assertEqual('active', story.sub().billing_status)

    def test_a_thaw_that_nova_refuses_is_told_and_tried_again(self) -> None:
        story = stories.Story(
            stories.text('at: 02-02T00:00:00, pay: acme', policy=FREEZE)
        ).play('02-02')
        setter = story.world.quotas.set
        story.world.quotas.set = _refused
        story.play('02-02 02:00:00')
        self.assertEqual(['quota_change_stuck'], story.alarms())

        story.world.quotas.set = setter
        story.play('02-03')
        self.assertEqual(OWN, self.quota(story))
        self.assertEqual('active', story.sub().billing_status)

    def test_a_subscription_of_one_server_freezes_no_project(self) -> None:
        story = stories.told(
            'at: 01-30T00:00:00, pay: acme, amount: "10.00"',
            servers='{name: web, flavor: s1}, {name: db, flavor: s2}',
            subscriptions="""
      - {name: acme-db, plan: vps, project: acme-prod, start: 2026-01-01,
          paid_until: 2026-02-01, server: db}""",
            policy=FREEZE,
            until='2026-02-04T00:00:00Z',
        )

        self.assertEqual('shelved', story.sub('acme-db').billing_status)
        self.assertEqual(OWN, self.quota(story))

    def test_a_frozen_quota_is_never_billed(self) -> None:
        story = stories.told(
            'at: 02-20T00:00:00, pay: acme',
            policy=FREEZE,
            ladder=stories.SHORT + ', shelve_grace: 60d',
            until='2026-03-01T00:00:00Z',
        )

        self.assertEqual(
            ['02-01 to 03-01: 10.00 paid', '03-01 to 04-01: 10.00 open'],
            story.invoices(),
        )


class ChangeTest(base.BaseTestCase):
    """At its owner's request, billed on the next invoice."""

    def test_more_is_prorated_on_the_next_invoice(self) -> None:
        story = priced(
            """
            at: 01-30T12:00:00, pay: acme
            at: 02-15T12:00:00, quota_change: acme-prod, quota: {cores: 12}
            """
        )

        self.assertEqual(12, cores(story))
        # 12 x 5 in advance, and 4 x 5 x 14/28 for what is left of February.
        self.assertEqual(
            ['02-01 to 03-01: 40.00 paid', '03-01 to 04-01: 70.00 open'],
            story.invoices(),
        )
        self.assertEqual(
            [
                {
                    'project': 'acme-prod', 'old': 'cores 8',
                    'new': 'cores 12', 'amount': '10.00', 'currency': 'EUR',
                }
            ],
            contexts(story, 'quota_changed'),
        )  # fmt: skip

    def test_less_is_credited_on_the_next_invoice(self) -> None:
        story = priced(
            """
            at: 01-30T12:00:00, pay: acme
            at: 02-15T12:00:00, quota_change: acme-prod, quota: {cores: 4}
            """
        )

        # 4 x 5 in advance, less 4 x 5 x 14/28.
        self.assertEqual(
            ['02-01 to 03-01: 40.00 paid', '03-01 to 04-01: 10.00 open'],
            story.invoices(),
        )
        [told] = contexts(story, 'quota_changed')
        self.assertEqual('-10.00', told['amount'])

    def test_less_than_is_used_is_refused_by_name(self) -> None:
        story = priced(
            'at: 01-31T00:00:00, quota_change: acme-prod, quota: {cores: 0}',
            servers=stories.WEB,
        )

        self.assertIn('refused', story.told('action')[0])
        self.assertEqual(8, cores(story))
        self.assertEqual(['8'], levels(story))
        why = 'cores 1 in use, cores 0 asked for'
        [told] = contexts(story, 'quota_refused')
        self.assertEqual(why, told['reason'])
        self.assertEqual(['failed'], states(story))
        self.assertEqual(why, story.rows(schema.actions)[0].why)
        self.assertNotIn('quota_refused', story.alarms())

    def test_by_force_it_may_be_less_than_is_used(self) -> None:
        story = priced(servers=stories.WEB, until='01-31')
        ask(story, {'cores': 0}, force=True)
        story.play()

        self.assertEqual(0, cores(story))
        self.assertEqual(['8', '0'], levels(story))

    def test_what_nova_refuses_leaves_the_books_and_tells_why(self) -> None:
        story = priced(until='01-31')
        story.world.quotas.set = _refused
        ask(story, {'cores': 12})
        story.play()

        self.assertEqual(8, cores(story))
        self.assertEqual(['8'], levels(story))
        self.assertIn('quota_refused', story.alarms())
        self.assertIn('403: no', story.rows(schema.actions)[0].why)
        [told] = contexts(story, 'quota_refused')
        self.assertNotIn('403', told['reason'])

    def test_each_that_is_stuck_is_told(self) -> None:
        story = priced(until='01-31')
        setter = story.world.quotas.set
        for cores in (12, 14):
            story.world.quotas.set = _unavailable
            ask(story, {'cores': cores})
            story.tick(300)
            story.world.quotas.set = setter
            story.tick(600)
        told = story.rows(schema.timeline, name='quota_change_stuck')
        self.assertEqual(2, len(told))
        self.assertEqual(['8', '12', '14'], levels(story))

    def test_what_nova_took_in_part_is_taken_back(self) -> None:
        story = priced(until='01-31')
        quotas = story.world.quotas
        whole = quotas.set

        def half(project: str, quota: dict[str, int], force: bool) -> None:
            whole(project, {'cores': quota['cores']}, force=force)
            quotas.set = whole
            raise errors.CloudRefused('the quota did not take', 409)

        quotas.set = half
        ask(story, {'cores': 12, 'ram': 40960})
        story.play()

        self.assertEqual(8, cores(story))
        self.assertEqual(['8'], levels(story))

    def test_while_nova_is_away_it_waits_and_counts_from_when_it_is_sent(
        self,
    ) -> None:
        story = priced(
            """
            at: 01-31T12:00:00, quota_change: acme-prod, quota: {cores: 12}
            from: 01-31T11:00:00, to: 02-02T11:00:00, nova: 500
            """,
            until='02-03',
        )

        self.assertEqual(12, cores(story))
        [_, level] = [
            row for row in story.rows(schema.levels) if row.resource == 'cores'
        ]
        self.assertEqual(stories.instant('02-02').date(), level.at.date())

    def test_a_crash_anywhere_has_the_same_outcome(self) -> None:
        story = priced(until='01-31 12:00:00')
        back = story.remember()
        for wanted, force in ((12, False), (0, True)):
            for place in itertools.count(1):
                ask(story, {'cores': wanted}, force=force)
                fuse = fuses.Fuse(place, test_crash.kill)
                with (
                    fuses.fused(story, fuse),
                    contextlib.suppress(test_crash.Killed),
                ):
                    story.tick(3)
                lease = story.world.tools.settings.lease + test_crash.SECOND
                story.world.clock.move_to(story.world.clock.now() + lease)
                story.tick(3)
                self.assertEqual(wanted, cores(story), place)
                self.assertEqual(['8', str(wanted)], levels(story), place)
                self.assertEqual(['done'], states(story), place)
                [told] = contexts(story, 'quota_changed')
                self.assertEqual('cores 8', told['old'], place)
                back()
                if fuse.left > 0:
                    self.assertGreater(place, 5)  # it has met them all
                    break

    def test_a_second_one_waits_for_the_first(self) -> None:
        story = priced(until='01-31')
        ask(story, {'cores': 12})

        self.assertRaises(errors.Conflict, ask, story, {'cores': 14})

    def test_what_cannot_be_is_refused_before_anything_is_written(
        self,
    ) -> None:
        story = priced(until='01-31')
        for wanted, said in (
            ({'gpus': 1}, 'gpus'),
            ({'cores': -1}, 'cores: cannot be without limit'),
            ({'cores': -5}, 'cores'),
            ({}, 'quota'),
        ):
            refusal = self.assertRaises(
                errors.InvalidInput, ask, story, wanted
            )
            self.assertIn(said, str(refusal))
        self.assertEqual([], story.rows(schema.actions))

    def test_what_has_no_price_may_be_without_limit(self) -> None:
        story = priced(until='01-31')
        ask(story, {'instances': -1})
        story.play()

        self.assertEqual(
            -1, story.world.quotas.quotas['acme-prod']['instances']
        )
        self.assertEqual('10', levels(story, 'instances')[-1])

    def test_a_frozen_quota_is_not_changed(self) -> None:
        story = priced(policy=FREEZE, until='02-01 01:00:00')

        refusal = self.assertRaises(errors.Conflict, ask, story, {'cores': 12})
        self.assertIn('frozen', str(refusal))


PRICE = """
      - {kind: quota, resource: cores, unit_price: "5.00"}"""


def priced(
    events: str = '',
    servers: str = '',
    until: str = '02-28',
    policy: str = '',
) -> stories.Story:
    """A story of acme, who pays for the cores of its quota."""
    text = stories.text(
        events, servers=servers, policy=policy, until='2026-02-28T00:00:00Z'
    )
    text = text.replace(
        '      - {kind: flavor, resource: s1, unit_price: "10.00"}\n'
        '      - {kind: flavor, resource: s2, unit_price: "20.00"}',
        PRICE.strip('\n'),
    )
    return stories.Story(text).play(until)


def ask(
    story: stories.Story, wanted: dict[str, int], force: bool = False
) -> int:
    return story.db.write(
        quota.request, story.sub().id, wanted, story.world.clock.now(),
        force=force, by='acme',
    )  # fmt: skip


def cores(story: stories.Story) -> int:
    return story.world.quotas.quotas['acme-prod']['cores']


def states(story: stories.Story) -> list[str]:
    """What became of what was asked for of the quota."""
    return [
        row.state for row in story.rows(schema.actions, type='quota_change')
    ]


def contexts(story: stories.Story, template: str) -> list[dict[str, str]]:
    """What each notice of a kind says."""
    rows = story.rows(schema.notices, template=template)
    return [row.context for row in rows]


def levels(story: stories.Story, resource: str = 'cores') -> list[str]:
    """What of it the books say was held, one after the other."""
    return [
        str(row.quantity)
        for row in story.rows(schema.levels)
        if row.resource == resource
    ]


def _unavailable(project: str, quota: object, force: bool = False) -> None:
    raise errors.CloudUnavailable('nova is away')


def _refused(project: str, quota: object, force: bool = False) -> None:
    raise errors.CloudRefused('no', 403)
