# SPDX-License-Identifier: Apache-2.0
"""The quota of an unpaid project is frozen, and put back as it was."""

from oslotest import base

from patrii_billing import errors
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

    PRICE = """
      - {kind: quota, resource: cores, unit_price: "5.00"}"""

    def story(self, events: str, until: str) -> stories.Story:
        text = stories.text(
            events, servers='', until=f'2026-{until}T00:00:00Z'
        )
        text = text.replace(
            '      - {kind: flavor, resource: s1, unit_price: "10.00"}\n'
            '      - {kind: flavor, resource: s2, unit_price: "20.00"}',
            self.PRICE.strip('\n'),
        )
        return stories.Story(text).play()

    def test_more_is_prorated_on_the_next_invoice(self) -> None:
        story = self.story(
            """
            at: 01-30T12:00:00, pay: acme
            at: 02-15T12:00:00, quota_change: acme-prod, quota: {cores: 12}
            """,
            '02-28',
        )

        self.assertEqual(12, story.world.quotas.quotas['acme-prod']['cores'])
        # 12 x 5 in advance, and 4 x 5 x 14/28 for what is left of February.
        self.assertEqual(
            ['02-01 to 03-01: 40.00 paid', '03-01 to 04-01: 70.00 open'],
            story.invoices(),
        )

    def test_less_than_is_used_is_refused(self) -> None:
        text = stories.text(
            'at: 01-31T00:00:00, quota_change: acme-prod, quota: {cores: 0}'
        )
        story = stories.Story(text).play()

        self.assertIn('refused', story.told('action')[0])
        self.assertEqual(8, story.world.quotas.quotas['acme-prod']['cores'])


def _unavailable(project: str, quota: object) -> None:
    raise errors.CloudUnavailable('nova is away')


def _refused(project: str, quota: object) -> None:
    raise errors.CloudRefused('no', 403)
