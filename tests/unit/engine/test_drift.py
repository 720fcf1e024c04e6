# SPDX-License-Identifier: Apache-2.0
"""A quota that somebody changed in nova is found, and dealt with."""

from typing import Any

from oslotest import base

from patrii_billing import errors
from patrii_billing.store import schema
from tests.unit.engine import test_quota
from tests.unit import stories


class DriftTestCase(base.BaseTestCase):
    def story(self, mode: str = '', **given: Any) -> stories.Story:
        policy = f'quota_drift: {mode}' if mode else ''
        policy = ', '.join(filter(None, (policy, given.pop('policy', ''))))
        story = test_quota.priced(
            'at: 01-30T12:00:00, pay: acme',
            **{'policy': policy, 'until': '02-10', **given},
        )
        self.asked: list[str] = []
        whole = story.world.quotas.get

        def get(project: str) -> Any:
            self.asked.append(project)
            return whole(project)

        story.world.quotas.get = get  # type: ignore[method-assign]
        return story

    def set_by_hand(self, story: stories.Story, **quota: int) -> None:
        story.world.quotas.quotas['acme-prod'].update(quota)


class BilledTest(DriftTestCase):
    def test_by_default_it_is_billed_from_when_it_was_found(self) -> None:
        story = self.story()
        self.set_by_hand(story, cores=12)
        story.play()

        self.assertEqual(['8', '12'], test_quota.levels(story))
        # Found on 10 February: 12 x 5 in advance, and 4 x 5 x 19/28.
        self.assertEqual('03-01 to 04-01: 73.57 open', story.invoices()[-1])
        self.assertEqual(12, test_quota.cores(story))
        [told] = test_quota.contexts(story, 'quota_changed')
        self.assertEqual('cores 8', told['old'])
        self.assertEqual('cores 12', told['new'])
        self.assertEqual([], story.alarms())

    def test_what_is_not_paid_for_is_nobodys_business(self) -> None:
        story = self.story()
        self.set_by_hand(story, instances=99, ram=99)
        story.play()

        self.assertEqual(['10'], test_quota.levels(story, 'instances'))

    def test_our_own_freeze_is_no_drift(self) -> None:
        story = test_quota.priced(
            policy='freeze_quota: true, shelve_grace: 20d',
            servers=stories.WEB,
            until='02-15',
        )

        self.assertEqual(1, test_quota.cores(story))
        self.assertEqual(['8'], test_quota.levels(story))
        self.assertEqual([], story.alarms())

    def test_nor_is_our_own_change_that_is_under_way(self) -> None:
        story = self.story()
        test_quota.ask(story, {'cores': 12})
        story.play('02-20')

        self.assertEqual(['8', '12'], test_quota.levels(story))
        self.assertEqual(1, len(story.mails('quota_changed')))

    def test_what_cannot_be_read_changes_nothing(self) -> None:
        for error in (
            errors.CloudUnavailable('nova is away'),
            errors.CloudRefused('no such project', 404),
        ):
            story = self.story()
            self.set_by_hand(story, cores=12)
            whole = story.world.quotas.get

            def broken(
                project: str, error: Exception = error
            ) -> dict[str, int]:
                raise error

            story.world.quotas.get = broken
            story.play('02-14')
            self.assertEqual(['8'], test_quota.levels(story))

            story.world.quotas.get = whole
            story.play('02-17')
            self.assertEqual(['8', '12'], test_quota.levels(story))

    def test_a_quota_without_limit_is_left_to_the_operator(self) -> None:
        story = self.story()
        self.set_by_hand(story, cores=-1)
        story.play()

        self.assertEqual(['8'], test_quota.levels(story))
        self.assertEqual(['quota_drift'], story.alarms())

    def test_a_quota_the_books_do_not_have_is_written_in(self) -> None:
        story = self.story('report')
        story.db.write(
            lambda conn: conn.execute(
                schema.levels.delete().where(
                    schema.levels.c.resource == 'cores'
                )
            )
        )
        story.play()

        self.assertEqual(['8'], test_quota.levels(story))
        self.assertEqual([], story.alarms())


class RevertedTest(DriftTestCase):
    def test_it_is_put_back_and_both_are_told(self) -> None:
        story = self.story('revert')
        self.set_by_hand(story, cores=12)
        story.play()

        self.assertEqual(8, test_quota.cores(story))
        self.assertEqual(['8'], test_quota.levels(story))
        self.assertEqual(['quota_drift'], story.alarms())
        [told] = test_quota.contexts(story, 'quota_changed')
        self.assertEqual('cores 12', told['old'])
        self.assertEqual('cores 8', told['new'])
        self.assertEqual('03-01 to 04-01: 40.00 open', story.invoices()[-1])

    def test_even_below_what_is_in_use(self) -> None:
        story = self.story('revert', servers=stories.WEB)
        self.set_by_hand(story, cores=0)
        story.play('02-12')
        self.assertEqual(8, test_quota.cores(story))

    def test_not_while_nothing_is_to_be_done(self) -> None:
        story = self.story('revert')
        self.set_by_hand(story, cores=12)
        story.db.write(
            lambda conn: conn.execute(
                schema.watch.update().values(safe_why='testing')
            )
        )
        story.play('02-12')

        self.assertEqual(12, test_quota.cores(story))

        self.set_by_hand(story, cores=8)
        story.db.write(
            lambda conn: conn.execute(
                schema.watch.update().values(safe_why=None)
            )
        )
        story.play('02-13')
        self.assertEqual([], story.mails('quota_changed'))
        self.assertEqual('done', story.rows(schema.actions)[-1].state)

    def test_what_nova_refuses_is_told_and_left(self) -> None:
        story = self.story('revert')
        self.set_by_hand(story, cores=12)
        story.world.quotas.set = test_quota._refused
        story.play('02-11 12:00:00')

        self.assertIn('quota_refused', story.alarms())
        self.assertEqual(1, story.alarms().count('quota_drift'))
        self.assertEqual(['8'], test_quota.levels(story))


class ReportedTest(DriftTestCase):
    def test_the_operator_is_told_once_for_each_drift(self) -> None:
        story = self.story('report')
        self.set_by_hand(story, cores=12)
        story.play('02-13')
        self.assertEqual(['quota_drift'], story.alarms())

        self.set_by_hand(story, cores=8)
        story.play('02-16')
        self.set_by_hand(story, cores=12)
        story.play()
        self.assertEqual(['quota_drift'] * 2, story.alarms())
        self.assertEqual(['8'], test_quota.levels(story))
        self.assertEqual(12, test_quota.cores(story))


class PaceTest(DriftTestCase):
    def test_nova_is_asked_once_in_a_while(self) -> None:
        story = self.story()
        story.tick(30)
        self.assertLessEqual(len(self.asked), 1)

    def test_who_pays_for_no_quota_is_never_asked_about(self) -> None:
        story = stories.Story(stories.text()).play('01-31')
        asked: list[str] = []
        story.world.quotas.get = asked.append  # type: ignore[assignment]
        story.play('02-02')
        self.assertEqual([], asked)
