# SPDX-License-Identifier: Apache-2.0
"""What was sent is measured by its shape, and told what is wrong."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.api import checking
from patrii_billing.api import problems
from patrii_billing.api import reading
from patrii_billing.api import route
from patrii_billing.api.schemas import base as shapes

_LINE = shapes.body(
    {'amount': shapes.AMOUNT, 'day': shapes.DAY, 'count': shapes.ID}
)
_BODY = shapes.body(
    {
        'name': shapes.NAME,
        'at': shapes.INSTANT,
        'lines': {'type': 'array', 'items': _LINE},
    },
    'name',
)
_ROUTE = route.Route(
    method='POST', path='/v1/things', rule='billing:thing:create',
    handler=lambda call, conn: None, summary='Make one', body=_BODY,
    answer={},
)  # fmt: skip


class CheckTest(base.BaseTestCase):
    def wrong(self, **body: Any) -> list[tuple[str, str]]:
        """The path of each mistake, and what it is."""
        body.setdefault('name', 'a')
        try:
            checking.Checker(_BODY).check(body)
        except problems.Refused as error:
            return [(each.path, each.detail) for each in error.problems]
        return []

    def paths(self, **body: Any) -> list[str]:
        return [path for path, _ in self.wrong(**body)]

    def test_all_mistakes_are_told_by_their_paths(self):
        told = self.paths(
            name='', nmae=1, lines=[{'amount': '1.00'}, {'amount': 1.5}]
        )
        self.assertEqual({'name', 'nmae', 'lines[1].amount'}, set(told))

    def test_no_more_than_twenty_are_told(self):
        self.assertEqual(20, len(self.wrong(lines=[{'count': 0}] * 1000)))

    def test_a_line_break_at_the_end_is_no_end(self):
        for amount in ('1.00\n', '\n1.00', '1.00 ', ' 1.00'):
            self.assertEqual(
                ['lines[0].amount'], self.paths(lines=[{'amount': amount}])
            )

    def test_days_are_written_in_one_way(self):
        self.assertEqual([], self.paths(lines=[{'day': '2026-02-28'}]))
        for day in (
            '2026-W05-1', '20260131', '2026-02-30', '1969-12-31',
            '3000-01-01', '2026-1-31', '٢٠٢٦-٠١-٣١', '2026-01-31\n',
        ):  # fmt: skip
            self.assertEqual(
                ['lines[0].day'], self.paths(lines=[{'day': day}]), day
            )

    def test_instants_have_a_zone(self):
        for at in (
            '2026-01-31T12:00Z', '2026-01-31T12:00:00.123456Z',
            '2026-01-31T12:00:00+05:30',
        ):  # fmt: skip
            self.assertEqual([], self.paths(at=at), at)
        for at in (
            '2026-01-31', '2026-01-31T12:00:00', '2026-01-31 12:00:00Z',
            '2026-W05-1T12:00:00Z', '2026-01-31T25:00:00Z',
            '2026-01-31T12:00:00+25:00', '9999-12-31T23:59:59-14:00',
        ):  # fmt: skip
            self.assertEqual(['at'], self.paths(at=at), at)

    def test_what_goes_too_deep_is_refused_before_it_is_followed(self):
        deep: Any = 'end'
        for _ in range(100):
            deep = [deep]
        [(path, why)] = self.wrong(name=deep)
        self.assertEqual('is too deep', why)
        self.assertTrue(path.startswith('name[0][0]'))

    def test_a_reason_stays_short(self):
        for body in (
            {'name': 'a' * 100_000}, {'b' * 100_000: 1}, {'at': 'x' * 10_000}
        ):  # fmt: skip
            [(path, why)] = self.wrong(**body)
            self.assertLess(len(path + why), 500)


class ReadTest(base.BaseTestCase):
    def test_a_number_without_a_fraction_is_whole(self):
        read = reading.body(
            _ROUTE, b'{"name": "a", "lines": [{"count": 3.0}]}'
        )
        self.assertIs(int, type(read['lines'][0]['count']))

    @given(st.binary() | st.text().map(str.encode))
    def test_any_bytes_are_a_body_or_refused(self, raw):
        try:
            read = reading.body(_ROUTE, raw)
        except problems.Refused as error:
            self.assertEqual({400}, {p.status for p in error.problems})
        else:
            self.assertIn('name', read)

    @given(st.text(st.characters(max_codepoint=255)))
    def test_any_query_is_read_or_refused(self, text):
        try:
            read = reading.query(_ROUTE, text)
        except problems.Refused as error:
            self.assertEqual({400}, {p.status for p in error.problems})
        else:
            self.assertLessEqual(set(read), {'dry_run'})
