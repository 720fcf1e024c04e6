# SPDX-License-Identifier: Apache-2.0
"""The words of the pages in the language of who looks.

English is what the pages are written in. Each file locale/<language>.po adds
a language: it is read as it is, so that nothing has to be compiled.
"""

from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import functools
import gettext
import io
import pathlib
import re
import zoneinfo

import babel
from babel import dates
from babel.messages import mofile
from babel.messages import pofile
from babel import numbers

from patrii_billing.domain import money
from patrii_billing import wording

_PLAIN = re.compile(r'-?[0-9]+(\.[0-9]+)?')
COOKIE = 'language'
_FOLDER = pathlib.Path(__file__).parent / 'locale'
LANGUAGES = (
    'en',
    *sorted(path.stem for path in _FOLDER.glob('*.po')),
)


@dataclass(frozen=True, slots=True)
class Words:
    """What is said, and how days and money are written; times in `zone`."""

    locale: babel.Locale
    zone: zoneinfo.ZoneInfo
    catalog: gettext.NullTranslations

    @property
    def language(self) -> str:
        return self.locale.language

    def gettext(self, text: str) -> str:
        return self.catalog.gettext(text)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self.catalog.ngettext(one, many, count)

    def amount(self, text: str, currency: str) -> str:
        """Money as the API writes it, as people do."""
        return wording.amount(money.parse(text, currency), self.locale)

    def read(self, amount: str) -> str:
        """An amount that a person wrote, as the API does; else as it is.

        12.50 is read in every language, 12,50 where that is how one writes.
        """
        if _PLAIN.fullmatch(amount):
            return amount
        # Whatever kind of blank stands between thousands.
        digits = ''.join(amount.split())
        try:
            return str(
                numbers.parse_decimal(digits, self.locale, strict=True)
            )
        except numbers.NumberFormatError:
            return amount

    def price(self, text: str, currency: str) -> str:
        """With as many digits as it has."""
        return wording.price(Decimal(text), currency, self.locale)

    def day(self, day: str | dt.date, length: str = 'medium') -> str:
        if isinstance(day, str):
            day = dt.date.fromisoformat(day[:10])
        return dates.format_date(day, length, locale=self.locale)

    def month(self, day: str) -> str:
        return dates.format_skeleton(
            'yMMM', dt.date.fromisoformat(day), locale=self.locale
        )

    def weekday(self, day: str) -> str:
        return dates.format_skeleton(
            'EEEdMMM', dt.date.fromisoformat(day), locale=self.locale
        )

    def time(self, instant: str) -> str:
        """An instant of the API, short, in the zone of the pages."""
        local = self.local(instant)
        day = dates.format_date(local, 'medium', locale=self.locale)
        return f'{day}, {local:%H:%M}'

    def full(self, instant: str) -> str:
        read = dt.datetime.fromisoformat(instant)
        return wording.moment(read, self.zone, self.locale).full

    def local(self, instant: str) -> dt.datetime:
        return dt.datetime.fromisoformat(instant).astimezone(self.zone)

    def ago(self, instant: str, now: dt.datetime) -> str:
        """How long since, or how long until: '3 days ago', 'in 2 hours'."""
        return dates.format_timedelta(
            dt.datetime.fromisoformat(instant) - now,
            add_direction=True,
            locale=self.locale,
        )


def of(name: str, zone: zoneinfo.ZoneInfo) -> Words:
    """The words of a language; English where nobody has written them."""
    locale = wording.locale(name)
    if locale.language not in LANGUAGES:
        locale = babel.Locale('en')
    return Words(locale, zone, _catalog(locale.language))


@functools.cache
def _catalog(language: str) -> gettext.NullTranslations:
    path = _FOLDER / f'{language}.po'
    if not path.exists():
        return gettext.NullTranslations()
    with path.open('rb') as source:
        catalog = pofile.read_po(source, locale=language)
    compiled = io.BytesIO()
    mofile.write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
