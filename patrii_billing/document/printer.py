# SPDX-License-Identifier: Apache-2.0
"""One brand's invoices, written in whatever form is asked for."""

from dataclasses import dataclass
import enum

from patrii_billing.document import brand as brands
from patrii_billing.document import facturx
from patrii_billing.document import page
from patrii_billing.document import pdf
from patrii_billing.domain import document


class Format(enum.StrEnum):
    HTML = 'html'
    PDF = 'pdf'
    FACTURX = 'facturx'  # PDF/A-3 with the XML of EN 16931 in it

    @property
    def suffix(self) -> str:
        return '.html' if self is Format.HTML else '.pdf'


@dataclass(frozen=True, slots=True)
class Printer:
    brand: brands.Brand

    def render(
        self,
        invoice: document.Invoice,
        wanted: Format = Format.HTML,
        locale: str = '',
    ) -> bytes:
        """The document in a locale, by default the customer's.

        Raises DocumentNotWritten, ExtraMissing where an extra is not
        installed, and InvalidDocument for an e-invoice that lacks what the
        norm asks for.
        """
        if wanted is Format.FACTURX:
            return facturx.facturx(self.brand, invoice, locale)
        written = page.html(self.brand, invoice, locale)
        return pdf.pdf(written) if wanted is Format.PDF else written.encode()
