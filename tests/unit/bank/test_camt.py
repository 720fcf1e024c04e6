# SPDX-License-Identifier: Apache-2.0
"""What is read of the statements of ISO 20022."""

import datetime as dt

from oslotest import base

from patrii_billing.bank import camt
from patrii_billing.domain import statement
from patrii_billing import errors
from tests.unit.bank import statements as bank

Does = statement.Does


def read(content: bytes, size: int = 7) -> list[statement.Entry]:
    """In small pieces, as it may come."""
    pieces = (content[at : at + size] for at in range(0, len(content), size))
    return camt.read(pieces, 'bank.xml')


class EntryTest(base.BaseTestCase):
    def test_every_version_says_the_same(self) -> None:
        found = []
        for version in (2, 3, 4, 6, 8, 10, 13):
            details = bank.tx(
                'thanks', version=version, reference='RF18INV00000001',
                end_to_end='E1',
            )  # fmt: skip
            content = bank.camt(
                bank.entry('1234.50', details, version=version, own='B1'),
                version=version,
            )
            found += read(content)

        self.assertEqual(7, len(found))
        self.assertEqual(1, len(set(found)))
        [one] = set(found)
        self.assertEqual(
            (123450, 'EUR', dt.date(2026, 2, 3), Does.PAID_IN, 'Ada Berg'),
            (one.amount, one.currency, one.booked, one.does, one.payer),
        )
        self.assertEqual(('RF18INV00000001',), one.references)
        self.assertEqual(
            ('thanks', 'E1', 'B1'), (one.text, one.end_to_end, one.bank_id)
        )

    def test_what_is_not_booked_comes_when_it_is(self) -> None:
        for version in (2, 8):
            for status in ('PDNG', 'INFO', 'FUTR'):
                content = bank.camt(
                    bank.entry('1.00', version=version, status=status),
                    version=version,
                )
                self.assertEqual([], read(content))

    def test_by_sign_and_reversal_it_is_told_what_it_did(self) -> None:
        for sign, reversal, returned, does in (
            ('CRDT', '', False, Does.PAID_IN),
            ('CRDT', 'false', False, Does.PAID_IN),
            ('DBIT', '', False, Does.PAID_OUT),
            ('DBIT', 'true', False, Does.TAKEN_BACK),
            ('DBIT', '', True, Does.TAKEN_BACK),
            ('CRDT', '1', False, Does.RETURNED),
        ):
            [one] = read(
                bank.camt(
                    bank.entry(
                        '1.00', bank.tx('x', returned=returned),
                        sign=sign, reversal=reversal,
                    )
                )
            )  # fmt: skip
            self.assertEqual(does, one.does)
            self.assertEqual(does is Does.RETURNED, bool(one.doubt))

    def test_a_sum_is_parted_into_its_transfers(self) -> None:
        for version in (2, 8):
            content = bank.camt(
                bank.entry(
                    '30.00',
                    bank.tx('one', version=version, amount='10.00'),
                    bank.tx('two', version=version, amount='20.00'),
                    version=version, own='SUM',
                ),
                version=version,
            )  # fmt: skip

            found = read(content)

            self.assertEqual(
                [(1000, 'one'), (2000, 'two')],
                [(one.amount, one.text) for one in found],
            )
            self.assertEqual(2, len({one.key for one in found}))

    def test_parts_have_signs_of_their_own(self) -> None:
        content = bank.camt(
            bank.entry(
                '8.00',
                bank.tx('in', version=8, amount='10.00', sign='CRDT'),
                bank.tx('out', version=8, amount='2.00', sign='DBIT'),
                version=8,
            ),
            version=8,
        )

        self.assertEqual(
            [(1000, Does.PAID_IN), (200, Does.PAID_OUT)],
            [(one.amount, one.does) for one in read(content)],
        )

    def test_parts_that_do_not_add_up_are_for_a_person(self) -> None:
        for parts in (('10.00', '10.00'), ('30.00', '')):
            details = [bank.tx('x', amount=part) for part in parts]
            if parts[1]:
                [one] = read(bank.camt(bank.entry('30.00', *details)))
                self.assertEqual(3000, one.amount)
                self.assertIn('do not add up', one.doubt)

    def test_what_says_nothing_is_nothing(self) -> None:
        [one] = read(
            bank.camt(
                bank.entry(
                    '1.00', bank.tx(end_to_end='NOTPROVIDED', own='NONREF'),
                    own='notprovided', more='transfer',
                )
            )
        )  # fmt: skip

        self.assertEqual(
            ('', '', 'transfer'), (one.end_to_end, one.bank_id, one.text)
        )

    def test_an_entry_of_nothing_is_none(self) -> None:
        self.assertEqual([], read(bank.camt(bank.entry('0.00'))))

    def test_texts_may_be_in_any_alphabet(self) -> None:
        [one] = read(bank.camt(bank.entry('1.00', bank.tx('Öl &amp; 茶'))))

        self.assertEqual('Öl & 茶', one.text)


class KeyTest(base.BaseTestCase):
    def test_the_same_statement_gives_the_same_keys(self) -> None:
        content = bank.camt(
            bank.entry('1.00', bank.tx('a')), bank.entry('2.00', own='B')
        )

        keys = [one.key for one in read(content)]

        self.assertEqual(keys, [one.key for one in read(content, 999)])
        self.assertEqual(2, len(set(keys)))

    def test_two_equal_transfers_of_a_day_are_two(self) -> None:
        same = bank.entry('1.00', bank.tx('a'))
        for twice in (same, bank.entry('1.00', bank.tx('a'), own='ALWAYS')):
            first, second = read(bank.camt(twice, twice))

            self.assertNotEqual(first.key, second.key)
            self.assertEqual(first.key, read(bank.camt(twice))[0].key)

    def test_on_another_day_the_same_is_another(self) -> None:
        one, two = (
            bank.entry('1.00', bank.tx('rent'), day=day)
            for day in ('2026-02-03', '2026-03-03')
        )

        first, second = read(bank.camt(one, two))

        self.assertNotEqual(first.key, second.key)
        self.assertEqual(second.key, read(bank.camt(two))[0].key)

    def test_statements_that_overlap_in_a_file_say_it_once(self) -> None:
        same = bank.entry('1.00', bank.tx('a'))

        first, second = read(
            bank.document(bank.statement(same), bank.statement(same))
        )

        self.assertEqual(first.key, second.key)

    def test_the_pages_of_a_statement_are_one_statement(self) -> None:
        same = bank.entry('1.00', bank.tx('a'))

        first, second = read(
            bank.document(
                bank.statement(same, page=1), bank.statement(same, page=2)
            )
        )

        self.assertNotEqual(first.key, second.key)


class RefusalTest(base.BaseTestCase):
    def refused(self, content: bytes) -> str:
        return str(self.assertRaises(errors.InvalidInput, read, content))

    def test_it_names_the_line_and_the_field(self) -> None:
        good = bank.entry('1.00')
        for wrong, field in (
            (bank.entry('1,00'), 'Ntry/Amt'),
            (bank.entry('1.001'), 'Ntry/Amt'),
            (bank.entry('-1.00'), 'Ntry/Amt'),
            (bank.entry(''), 'Ntry/Amt'),
            (bank.entry('1.00', currency='XXX'), 'Ntry/Amt'),
            (bank.entry('1.00', sign='CREDIT'), 'Ntry/CdtDbtInd'),
            (bank.entry('1.00', sign=''), 'Ntry/CdtDbtInd'),
            (bank.entry('1.00', day='03.02.2026'), 'Ntry/BookgDt'),
            (bank.entry('1.00', status=''), 'Ntry/Sts'),
            (bank.entry('1.00', reversal='yes'), 'Ntry/RvslInd'),
        ):
            said = self.refused(bank.camt(good, wrong))

            # The second entry begins on the line after the first one's two.
            self.assertEqual(f'bank.xml:4: {field}', said[: 12 + len(field)])

    def test_another_message_is_refused(self) -> None:
        for space in (
            'urn:iso:std:iso:20022:tech:xsd:camt.054.001.{}',
            'urn:iso:std:iso:20022:tech:xsd:camt.053.002.{}',
            'http://example.org/{}',
            '',
        ):
            content = bank.document(
                bank.statement(bank.entry('1.00')), space=space
            )
            self.assertIn('and not camt.053', self.refused(content))
        self.assertIn(
            'and not camt.053',
            self.refused(bank.camt(bank.entry('1.00'), version=1)),
        )

    def test_what_is_not_xml_is_refused_by_its_line(self) -> None:
        whole = bank.camt(bank.entry('1.00'))
        for content in (b'', b'day;amount', whole[:-9], whole + b'<x/>'):
            self.assertIn('not XML', self.refused(content))

    def test_an_encoding_that_nobody_knows_is_refused(self) -> None:
        whole = bank.camt(bank.entry('1.00'))
        for name in (b'U0TF-8', b'x-user-defined', b'utf-7', b'shift_jis'):
            said = self.refused(whole.replace(b'UTF-8', name, 1))
            self.assertIn('cannot be read', said)

    def test_a_document_type_is_refused_whatever_it_hides(self) -> None:
        for hidden in (
            '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;&b;">]>',
            '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>',
            '<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd">',
        ):
            content = bank.camt(bank.entry('1.00', bank.tx('&b;')))
            content = content.replace(b'?>\n', b'?>\n' + hidden.encode(), 1)

            self.assertIn('document type', self.refused(content))

    def test_it_is_not_nested_without_an_end(self) -> None:
        deep = bank.camt('<a>' * 500 + '</a>' * 500)

        self.assertIn('too deep', self.refused(deep))
