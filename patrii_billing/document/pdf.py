# SPDX-License-Identifier: Apache-2.0
"""The page on paper: PDF, by WeasyPrint, which is an extra."""

import functools
from typing import Any

from patrii_billing import errors

_MISSING = (
    'PDF needs patrii-billing[pdf] (pip) and the libraries of Pango'
    ' (Debian: libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0): {why}'
)


def pdf(page: str, archived: bool = False) -> bytes:
    """The PDF of a page; `archived` makes it PDF/A-3, which may hold files.

    Raises ExtraMissing.
    """
    weasyprint = _weasyprint()
    # All of the page is in it: whoever wrote a template that names a file or
    # an address of the network gets nothing of it.
    fetcher = weasyprint.URLFetcher(allowed_protocols={'data'})
    document = weasyprint.HTML(string=page, url_fetcher=fetcher)
    variant = {'pdf_variant': 'pdf/a-3b'} if archived else {}
    written: bytes = document.write_pdf(pdf_tags=True, **variant)
    return written


@functools.cache
def _weasyprint() -> Any:
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        # OSError: the Python part is here, a library it loads is not.
        why = str(error).partition('\n')[0]
        raise errors.ExtraMissing(_MISSING.format(why=why)) from error
    return weasyprint
