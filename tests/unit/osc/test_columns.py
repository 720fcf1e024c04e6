# SPDX-License-Identifier: Apache-2.0
"""What anybody wrote does nothing to the terminal of who reads it."""

import json

from oslotest import base

from patrii_billing.osc import columns
from patrii_billing.osc.v1 import timeline
from patrii_billing.store import timeline as store
from tests import doors
from tests.unit.osc import shell

_CLEAR = '\x1b[2J\x9b2J\rpaid\u202e'


class HarmlessTest(base.BaseTestCase):
    def test_only_lines_are_broken(self) -> None:
        self.assertEqual('a\nb\tc', columns.harmless('a\r\nb\tc'))
        shown = columns.harmless(_CLEAR)
        self.assertEqual('\ufffd[2J\ufffd2J\ufffdpaid\ufffd', shown)

    def test_a_plain_cell_is_harmless_to_people_and_whole_to_programs(
        self,
    ) -> None:
        cell = columns.Column('Why', 'why').cell({'why': _CLEAR})

        self.assertEqual(columns.harmless(_CLEAR), cell.human_readable())
        self.assertEqual(_CLEAR, cell.machine_readable())

    def test_the_timeline_tells_it_so(self) -> None:
        door = doors.Door()
        self.addCleanup(door.tools.db.engine.dispose)
        door.tools.db.write(
            store.record, door.tools.now(), 'request', 'delete', _CLEAR
        )
        table = shell.run(door, timeline.ListTimeline)

        self.assertNotIn('\x1b', table)
        self.assertNotIn('\x9b', table)
        found = json.loads(
            shell.run(door, timeline.ListTimeline, '-f', 'json')
        )
        self.assertEqual(_CLEAR, found[0]['Why'])
