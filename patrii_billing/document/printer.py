# SPDX-License-Identifier: Apache-2.0
"""One brand's invoices, written in whatever form is asked for."""

from dataclasses import dataclass

from patrii_billing.document import brand as brands
from patrii_billing.document import facturx
from patrii_billing.document import page
from patrii_billing.document import pdf
from patrii_billing.domain import document


@dataclass(frozen=True, slots=True)
class Printer:
    brand: brands.Brand

    def render(
        self,
        invoice: document.Invoice,
        wanted: document.Format = document.Format.HTML,
        locale: str = '',
    ) -> bytes:
        """The document in a locale, by default the customer's.

        Raises DocumentNotWritten, ExtraMissing where an extra is not
        installed, and InvalidDocument for an e-invoice that lacks what the
        norm asks for.
        """
        if wanted is document.Format.FACTURX:
            return facturx.facturx(self.brand, invoice, locale)
        written = page.html(self.brand, invoice, locale)
        if wanted is document.Format.PDF:
            return pdf.pdf(written)
        return written.encode()
