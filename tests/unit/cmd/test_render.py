# SPDX-License-Identifier: Apache-2.0
"""An operator has an invoice written down."""

import datetime as dt
import io
import os
from unittest import mock

from patrii_billing.cmd import manage
from patrii_billing.document import pdf
from patrii_billing import errors
from tests.unit.cmd import base

_FEBRUARY = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)


class RenderTest(base.CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.load()
        self.run_until(_FEBRUARY)

    def written(self, *argv: str) -> bytes:
        path = self.folder / 'out'
        said = self.manage(
            'invoice', 'render', 'INV-000001', '--output', str(path), *argv
        )
        self.assertEqual(f'INV-000001 is in {path}.\n', said)
        return path.read_bytes()

    def test_an_invoice_is_written_as_html_unless_told_otherwise(
        self,
    ) -> None:
        page = self.written().decode()

        self.assertIn('<h1>Invoice INV-000001</h1>', page)
        self.assertIn('acme', page)
        self.assertIn('€10.00', page)

    def test_a_locale_can_be_asked_for(self) -> None:
        page = self.written('--locale', 'fr').decode()

        self.assertIn('<h1>Facture INV-000001</h1>', page)
        self.assertIn('10,00\xa0€', page)

    def test_it_can_be_a_pdf(self) -> None:
        self.assertEqual(b'%PDF-', self.written('--format', 'pdf')[:5])

    def test_without_a_file_it_is_called_as_the_invoice_is(self) -> None:
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)

        said = self.manage('invoice', 'render', 'INV-1')

        self.assertEqual('INV-000001 is in INV-000001.html.\n', said)
        self.assertTrue((self.folder / 'INV-000001.html').exists())

    def test_a_dash_writes_it_to_the_standard_output(self) -> None:
        out = io.TextIOWrapper(io.BytesIO())
        with mock.patch('sys.stdout', out):
            code = manage.main([
                '--config-file', self.config,
                'invoice', 'render', 'INV-000001', '--output', '-',
            ])  # fmt: skip

        self.assertEqual(0, code)
        self.assertIn(b'<!DOCTYPE html>', out.buffer.getvalue()[:20])

    def test_the_seller_is_the_one_of_the_configuration(self) -> None:
        config = self.write(
            'seller.conf',
            f"""
            [database]
            connection = {self.url}
            [document]
            seller_name = Nuage Durable SAS
            seller_address = 12 rue des Forges
            seller_address = 35000 Rennes
            bank_account = FR76 3000 6000 0112 3456 7890 189
        """,
        )
        path = self.folder / 'out'

        self.run_it(
            'invoice', 'render', 'INV-000001', '--output', str(path),
            config=config,
        )  # fmt: skip

        page = path.read_text(encoding='utf-8')
        for said in ('Nuage Durable SAS', '35000 Rennes', 'FR76 3000 6000'):
            self.assertIn(said, page)

    def test_a_number_nobody_has_is_told(self) -> None:
        for number in ('INV-000099', 'INV', '17', 'XYZ-1'):
            with self.subTest(number):
                self.assertEqual(
                    f'no invoice has the number {number!r}',
                    self.refused('invoice', 'render', number),
                )

    def test_an_extra_that_is_missing_is_one_line(self) -> None:
        missing = errors.ExtraMissing('PDF needs patrii-billing[pdf]')
        with mock.patch.object(pdf, '_weasyprint', side_effect=missing):
            line = self.refused(
                'invoice', 'render', 'INV-000001', '--format', 'pdf'
            )

        self.assertEqual('PDF needs patrii-billing[pdf]', line)

    def test_an_e_invoice_names_each_field_that_is_missing(self) -> None:
        code, _, said = self.run_it(
            'invoice', 'render', 'INV-000001', '--format', 'facturx'
        )

        self.assertEqual(1, code)
        for field in (
            '[document] seller_country', "the customer's country",
            '[document] untaxed',
        ):  # fmt: skip
            self.assertIn(f'error: {field}: is missing', said)

    def test_a_wrong_option_is_named(self) -> None:
        for option, value in (
            ('accent', 'blue'),
            ('seller_country', 'France'),
            ('bank_account', 'FR76 3000 6000 0112 3456 7890 188'),
            ('bank_bic', 'AGRI'),
            ('logo', '/nowhere/logo.png'),
            ('logo', '/nowhere/logo.txt'),
            ('templates', '/nowhere'),
        ):
            with self.subTest(option, value=value):
                config = self.write(
                    'wrong.conf',
                    f'[database]\nconnection = {self.url}\n'
                    f'[document]\n{option} = {value}\n',
                )
                line = self.refused(
                    'invoice', 'render', 'INV-000001', config=config
                )
                self.assertEqual(
                    f'[document] {option}', line.partition(':')[0]
                )
