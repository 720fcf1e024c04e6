# SPDX-License-Identifier: Apache-2.0
"""The invoice as Factur-X (ZUGFeRD): PDF/A-3 with EN 16931 inside.

The profile is EN 16931 or nothing: the books have every line, and the lesser
profiles without lines are no invoices by German law, and of use to nobody who
has these.
"""

import functools
from typing import Any

from patrii_billing.document import brand as brands
from patrii_billing.document import page
from patrii_billing.document import pdf
from patrii_billing.document import terms
from patrii_billing.document import words as wordings
from patrii_billing.domain import document
from patrii_billing import errors

_LEVEL = 'en16931'


def facturx(
    brand: brands.Brand, invoice: document.Invoice, locale: str = ''
) -> bytes:
    """The PDF with the XML in it.

    Raises InvalidDocument that names each field that is missing, and
    ExtraMissing.
    """
    words = wordings.find(locale or invoice.locale, brand.templates)
    inside = xml(brand, invoice, words)
    printed = pdf.pdf(page.html(brand, invoice, locale), archived=True)
    heading = page.title(invoice, words)
    written: bytes = _library().generate_from_binary(
        printed, inside, flavor='factur-x', level=_LEVEL, check_xsd=False,
        lang=str(words.locale),
        pdf_metadata={
            'author': brand.seller.name,
            'title': f'{brand.seller.name}: {heading}',
            'subject': heading,
            'keywords': 'Factur-X',
        },
    )  # fmt: skip
    return written


def xml(
    brand: brands.Brand, invoice: document.Invoice, words: wordings.Words
) -> bytes:
    """The XML, checked against the schema of its profile.

    Raises as `facturx` does.
    """
    if faults := list(terms.missing(brand, invoice)):
        raise errors.InvalidDocument(faults)
    written: bytes = _library().generate_cii_xml(
        terms.terms(brand, invoice, words), level=_LEVEL, check_xsd=True,
        check_schematron=False,
    )  # fmt: skip
    return written


@functools.cache
def _library() -> Any:
    try:
        import facturx as library
    except ImportError as error:
        raise errors.ExtraMissing(
            f'Factur-X needs patrii-billing[facturx] (pip): {error}'
        ) from error
    return library
