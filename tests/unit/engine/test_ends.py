# SPDX-License-Identifier: Apache-2.0
"""A server costs nothing from its end on, whatever is told of it and when."""

import dataclasses
import datetime as dt

from oslotest import base

from patrii_billing.domain import facts
from patrii_billing.domain import server as nova
from patrii_billing.engine import observe
from patrii_billing.engine import seeing
from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema
from tests.unit import stories

WEB = worlds.server_id('web')
SECOND = dt.timedelta(seconds=1)
# Nova dates this to the second, and a resize to a fraction of one: what came
# before may seem to come after.
END = stories.instant('02-03 10:00:00')


class EndTest(base.BaseTestCase):
    """Of a server that is billed for February, and has two days of it."""

    def setUp(self) -> None:
        super().setUp()
        paid = 'at: 01-31T12:00:00, pay: acme, amount: "10.00"'
        self.story = stories.Story(
            stories.text(paid, until='2026-04-01T00:00:00Z')
        )
        self.story.play('02-03 09:59:00')
        self.began = self.levels()
        self.story.world.clock.move_to(END)

    def levels(self, server: str = WEB) -> list[tuple[str, int, dt.datetime]]:
        return [
            (row.resource, int(row.quantity), row.at)
            for row in self.story.rows(schema.levels)
            if row.server == server
        ]

    def tell(self, flavor: str, at: dt.datetime) -> bool:
        """A resize is told of; whether it counts."""
        fact = facts.ServerResized(
            server=WEB, project='acme-prod', at=at,
            flavor=worlds.flavor(flavor),
        )  # fmt: skip
        tools = self.story.world.tools
        return self.story.db.write(observe.observe, tools, fact, tools.now())

    def end(self) -> None:
        """Its owner deletes it, and a sweep sees that."""
        self.story.nova.remove(WEB)
        self.see(self.story.nova.gone[WEB].shown)

    def see(self, shown: nova.Server) -> None:
        tools = self.story.world.tools
        self.story.db.write(seeing.see, tools, shown, tools.now())

    def assert_ended(self) -> None:
        self.assertEqual([*self.began, ('s1', 0, END)], self.levels())

    def test_a_resize_of_the_instant_of_its_end_or_later_is_none(
        self,
    ) -> None:
        for flavor in ('s1', 's2'):
            for at in (END, END + SECOND / 2, END + 600 * SECOND):
                self.tell(flavor, at)
        self.end()

        self.assert_ended()

    def test_one_that_is_told_of_after_its_end_is_none_either(self) -> None:
        self.end()
        for at in (END, END + SECOND / 2):
            self.assertFalse(self.tell('s2', at))

        self.assert_ended()

    def test_one_of_right_before_its_end_counts(self) -> None:
        self.tell('s2', END - SECOND)
        self.end()

        self.assertEqual(
            [*self.began, ('s2', 1, END - SECOND), ('s2', 0, END)],
            self.levels(),
        )

    def test_resized_and_deleted_in_one_instant_it_has_two_days(self) -> None:
        # The simulator's seed 4016293: to the resize it owed a third.
        self.tell('s1', END)
        self.end()

        self.story.play('03-05')

        self.assertEqual(
            71,
            sum(
                line.net
                for line in self.story.rows(schema.lines)
                if line.starts < dt.date(2026, 3, 1)
            ),
        )

    def test_what_came_and_went_within_a_second_was_there(self) -> None:
        shown = self.story.nova.guests[WEB].shown
        for name, gone in (('one', END), ('two', END - SECOND)):
            server = worlds.server_id(name)
            came = dataclasses.replace(
                shown, id=server, name=name, created_at=END, updated_at=END
            )
            self.see(came)
            self.see(
                dataclasses.replace(came, vm_state='deleted', deleted_at=gone)
            )

            self.assertEqual(
                [('s1', 1, END), ('s1', 0, END)], self.levels(server)
            )

    def test_what_its_owner_takes_back_from_the_bin_is_billed_on(self) -> None:
        shown = self.story.nova.guests[WEB].shown
        self.see(
            dataclasses.replace(shown, vm_state='soft-delete', updated_at=END)
        )
        later = END + SECOND
        self.see(dataclasses.replace(shown, flavor='s2', updated_at=later))

        self.assertEqual(
            [*self.began, ('s1', 0, END), ('s2', 1, later)], self.levels()
        )

    def test_what_was_deleted_for_a_debt_and_taken_back_is_too(self) -> None:
        story = stories.Story(stories.text()).play('02-09 01:00:00')
        self.assertEqual('gone', story.shows())
        self.story = story
        began = self.levels()[:1]
        billed_until = stories.instant('03-01')
        self.assertEqual([*began, ('s1', 0, billed_until)], self.levels())
        later = story.world.clock.now() + SECOND

        gone = story.nova.gone[WEB].shown
        self.see(
            dataclasses.replace(
                gone, vm_state='active', deleted_at=None, updated_at=later
            )
        )

        self.assertEqual([*began, ('s1', 1, later)], self.levels())
