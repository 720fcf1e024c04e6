# SPDX-License-Identifier: Apache-2.0
"""What was found is one line each, its mark before it."""

from oslotest import base

from patrii_billing.domain import finding


class FindingTest(base.BaseTestCase):
    def test_each_thing_is_a_line_that_begins_with_how_it_stands(self) -> None:
        for found, line in (
            (finding.ok('the database'), 'ok           the database'),
            (finding.exists('a user'), 'exists       a user'),
            (finding.note('no mails yet'), 'note         no mails yet'),
            (finding.wrong('no broker'), 'WRONG        no broker'),
            (finding.made('a role', False), 'made         a role'),
            (finding.made('a role', True), 'would make   a role'),
            (finding.changed('a role', False), 'changed      a role'),
            (finding.changed('a role', True), 'would change a role'),
        ):
            self.assertEqual(line, str(found))
