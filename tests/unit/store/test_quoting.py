# SPDX-License-Identifier: Apache-2.0
"""Values are written and read for MySQL exactly as its driver would."""

import datetime as dt
from typing import Any
from unittest import mock

import hypothesis
from hypothesis import strategies
import markupsafe
from oslotest import base
from pymysql import connections
from pymysql.constants import FIELD_TYPE
from pymysql.constants import SERVER_STATUS
from pymysql import converters
from pymysql import protocol

from patrii_billing.domain import lifecycle
from patrii_billing.store import quoting

SPECIAL = '\\\0\n\r\x1a"\'%_;-a\u00e9\u2019\U0001f427'
TEXTS = strategies.text() | strategies.text(strategies.sampled_from(SPECIAL))
MOMENTS = strategies.dates() | strategies.datetimes()
VALUES = (
    MOMENTS
    | strategies.none()
    | strategies.integers()
    | strategies.booleans()
    | strategies.floats(allow_nan=False, allow_infinity=False)
    | strategies.decimals(allow_nan=False, allow_infinity=False)
    | strategies.binary()
    | strategies.datetimes(timezones=strategies.timezones())
    | strategies.sampled_from(lifecycle.InvoiceState)
)
ROWS = strategies.lists(strategies.none() | strategies.binary(max_size=300))
THEIRS = connections.MySQLResult


def packed(value: bytes | None) -> bytes:
    """As MySQL sends it."""
    if value is None:
        return b'\xfb'
    length = len(value)
    if length < 0xFB:
        return bytes([length]) + value
    if length < 2**16:
        return b'\xfc' + length.to_bytes(2, 'little') + value
    return b'\xfd' + length.to_bytes(3, 'little') + value


class QuotingTest(base.BaseTestCase):
    ours = quoting.Connection(defer_connect=True)
    theirs = connections.Connection(defer_connect=True)

    @hypothesis.given(TEXTS)
    def test_as_by_the_driver(self, text: str) -> None:
        self.assert_alike(text, 0)

    @hypothesis.given(TEXTS)
    def test_as_by_the_driver_where_a_backslash_is_plain(
        self, text: str
    ) -> None:
        self.assert_alike(
            text, SERVER_STATUS.SERVER_STATUS_NO_BACKSLASH_ESCAPES
        )

    def test_marked_up_text_as_by_the_driver(self) -> None:
        self.assert_alike(markupsafe.Markup('<b title="it\'s">'), 0)

    def test_not_letter_by_letter(self) -> None:
        self.ours.server_status = 0
        with mock.patch.object(converters, 'escape_string') as by_letter:
            self.ours.escape('a "text"')

        by_letter.assert_not_called()

    @hypothesis.given(VALUES)
    def test_other_values_as_by_the_driver(self, value: object) -> None:
        for status in (0, SERVER_STATUS.SERVER_STATUS_NO_BACKSLASH_ESCAPES):
            self.assert_alike(value, status)

    @hypothesis.given(MOMENTS)
    def test_days_and_instants_are_read_as_by_the_driver(
        self, moment: dt.date
    ) -> None:
        self.assert_read_alike(str(moment))

    def test_what_is_no_day_is_read_as_by_the_driver(self) -> None:
        for text in (
            '0000-00-00', '2026-02-30', '0000-00-00 00:00:00',
            '2026-02-30 10:00:00',
        ):  # fmt: skip
            self.assert_read_alike(text)

    @hypothesis.given(ROWS)
    @hypothesis.example([b'x' * 250, None, b'x' * 251, b'', b'x' * 2**16])
    def test_rows_are_read_as_by_the_driver(
        self, row: list[bytes | None]
    ) -> None:
        self.assertEqual(tuple(row), self.read(quoting.Result, row))
        self.assertEqual(tuple(row), self.read(THEIRS, row))

    def test_text_and_days_of_a_row_are_read_as_what_they_are(self) -> None:
        row = ['\u00e9'.encode(), b'2026-01-31', None]
        day = self.ours.decoders[FIELD_TYPE.DATE]
        how = [('utf8', None), ('ascii', day), (None, None)]

        self.assertEqual(
            ('\u00e9', dt.date(2026, 1, 31), None),
            self.read(quoting.Result, row, how),
        )

    def test_a_row_that_ends_too_soon_is_as_by_the_driver(self) -> None:
        how = [(None, None)] * 3
        for kind in (quoting.Result, THEIRS):
            self.assertEqual(
                (b'a', None), self.read(kind, [b'a', None], how)
            )

    def read(
        self, kind: Any, row: list[bytes | None], how: Any = None
    ) -> tuple[Any, ...]:
        result = kind(self.ours)
        result.converters = how or [(None, None)] * len(row)
        packet = protocol.MysqlPacket(b''.join(map(packed, row)), 'utf8')
        read: tuple[Any, ...] = result._read_row_from_packet(packet)
        return read

    def assert_read_alike(self, text: str) -> None:
        kind = (
            FIELD_TYPE.DATETIME if ' ' in text else FIELD_TYPE.DATE
        )
        self.assertEqual(
            self.theirs.decoders[kind](text), self.ours.decoders[kind](text)
        )

    def assert_alike(self, text: object, status: int) -> None:
        self.ours.server_status = self.theirs.server_status = status
        self.assertEqual(self.theirs.escape(text), self.ours.escape(text))
