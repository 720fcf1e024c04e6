# SPDX-License-Identifier: Apache-2.0
"""The page on paper: what stands on it, and on which sheet."""

import base64
import builtins
import io
import pathlib
import re
from typing import Any
from unittest import mock

import fixtures
from oslotest import base
import pypdf

from patrii_billing.document import page
from patrii_billing.document import pdf
from patrii_billing.domain import document
from patrii_billing import errors
from tests.unit.document import samples

# A picture of one dot.
_DOT = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'


def sheets(*lines: document.Line, locale: str = 'en') -> list[str]:
    """The text of each sheet."""
    text = page.html(samples.BRAND, samples.invoice(*lines), locale)
    read = pypdf.PdfReader(io.BytesIO(pdf.pdf(text)))
    return [
        ' '.join(sheet.extract_text().split()) for sheet in read.pages
    ]  # fmt: skip


def servers(count: int) -> list[document.Line]:
    return [samples.line(f'server-{at:02d}') for at in range(count)]


class PdfTest(base.BaseTestCase):
    def test_a_short_invoice_is_one_sheet(self) -> None:
        [sheet] = sheets()

        for said in ('Invoice INV-000017', '€12.00', 'Page 1 of 1'):
            self.assertIn(said, sheet)

    def test_a_long_one_names_itself_and_its_columns_on_each_sheet(
        self,
    ) -> None:
        found = sheets(*servers(60))

        self.assertGreater(len(found), 2)
        for at, sheet in enumerate(found, 1):
            self.assertIn(f'Page {at} of {len(found)}', sheet)
            self.assertIn('INV-000017', sheet)
        for sheet in found[:-1]:
            self.assertIn('Unit price', sheet)
        shown = re.findall(r'server-(\d\d)', ' '.join(found))
        self.assertEqual([f'{at:02d}' for at in range(60)], shown)

    def test_the_totals_stay_together_and_with_a_line(self) -> None:
        for count in (14, 16, 17):
            with self.subTest(count):
                [last] = [
                    sheet for sheet in sheets(*servers(count))
                    if 'Total without taxes' in sheet
                ]  # fmt: skip
                self.assertIn('Amount due €', last)
                self.assertIn(f'server-{count - 1:02d}', last)

    def test_french_pages_are_numbered_in_french(self) -> None:
        [sheet] = sheets(locale='fr')

        self.assertIn('Page 1 sur 1', sheet)

    def test_a_file_that_a_template_names_stays_where_it_is(self) -> None:
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path) / 'dot'
        path.write_bytes(base64.b64decode(_DOT))

        for source, count in (
            (f'data:image/gif;base64,{_DOT}', 1), (path.as_uri(), 0),
        ):  # fmt: skip
            text = f'<html lang="en"><img src="{source}"><p>text'
            read = pypdf.PdfReader(io.BytesIO(pdf.pdf(text)))
            self.assertEqual(count, len(read.pages[0].images), source)

    def test_a_missing_library_is_named_with_the_extra(self) -> None:
        real = builtins.__import__
        for error in (
            ImportError("No module named 'weasyprint'"),
            OSError("cannot load library 'libpango-1.0-0'\nand so on"),
        ):

            def fails(name: str, *args: Any, _why: Any = error) -> Any:
                if name == 'weasyprint':
                    raise _why
                return real(name, *args)

            pdf._weasyprint.cache_clear()
            self.addCleanup(pdf._weasyprint.cache_clear)
            with mock.patch.object(builtins, '__import__', fails):
                raised = self.assertRaises(errors.ExtraMissing, pdf.pdf, '<p>')
            self.assertIn('patrii-billing[pdf]', str(raised))
            self.assertIn('libpango', str(raised))
            self.assertNotIn('\n', str(raised))
