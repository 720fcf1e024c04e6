# SPDX-License-Identifier: Apache-2.0
"""What anybody wrote does nothing to the terminal of who reads it."""

import argparse
import json

from oslotest import base

from patrii_billing.osc import columns
from patrii_billing.osc.v1 import timeline
from patrii_billing.store import timeline as store
from tests import doors
from tests.unit.osc import shell

_CLEAR = '\x1b[2J\x9b2J\rpaid\u202e'


def in_format(formatter: str, text: str) -> object:
    """What a program reads of it there."""
    (cell,) = columns.cells(
        [columns.Column('Name', 'name')], {'name': text},
        argparse.Namespace(formatter=formatter),
    )  # fmt: skip
    return getattr(cell, 'machine_readable', lambda: cell)()


class FormulaTest(base.BaseTestCase):
    def test_no_name_is_a_formula_in_a_spreadsheet(self) -> None:
        for name in (
            '=1+1', '+cmd', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '-1\n=1',
        ):  # fmt: skip
            self.assertEqual(f"'{name}", in_format('csv', name))

    def test_an_amount_below_zero_stays_a_number(self) -> None:
        self.assertEqual('-12.50', in_format('csv', '-12.50'))

    def test_programs_that_read_json_are_told_the_name_itself(self) -> None:
        for formatter in ('json', 'yaml', 'value'):
            self.assertEqual('=1+1', in_format(formatter, '=1+1'))


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
