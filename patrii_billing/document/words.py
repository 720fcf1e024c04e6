# SPDX-License-Identifier: Apache-2.0
"""The words of a document in one language, from a file that can be added."""

from collections.abc import Mapping
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import functools
import pathlib
import tomllib
from typing import Any

import babel
from babel import dates

from patrii_billing.domain import money
from patrii_billing import errors
from patrii_billing import wording

PACKAGED = pathlib.Path(__file__).parent / 'templates'
# What every reader can be given when nobody wrote in his language.
_FALLBACK = 'en'


@dataclass(frozen=True)
class Words:
    """What is said in a locale; sums, days and numbers follow the words."""

    path: pathlib.Path
    locale: babel.Locale
    tables: Mapping[str, Mapping[str, Any]]

    def say(self, key: str, /, **values: object) -> str:
        """The phrase under `table.key`. Raises DocumentNotWritten."""
        return self._filled(key, self._under(key), values)

    def count(self, key: str, number: int, /, **values: object) -> str:
        """The form of a phrase that goes with a number, which is {count}."""
        forms = self._under(key)
        plural = self.locale.plural_form(number)
        if isinstance(forms, dict):
            forms = forms.get(plural, forms.get('other'))
        count = self.number(Decimal(number))
        return self._filled(key, forms, {'count': count, **values})

    def _under(self, key: str) -> Any:
        table, _, name = key.partition('.')
        return self.tables.get(table, {}).get(name)

    def _filled(self, key: str, text: Any, values: dict[str, object]) -> str:
        if not isinstance(text, str):
            raise errors.DocumentNotWritten(f'{self.path}: {key} is missing')
        try:
            return str(text.format(**values))
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise errors.DocumentNotWritten(
                f'{self.path}: {key}: {type(error).__name__}: {error}'
            ) from error

    def reason(self, text: str) -> str:
        """A line's reason, translated if it is one that is known."""
        known = self.tables.get('reasons', {}).get(text, text)
        return wording.name(str(known))

    def day(self, day: dt.date) -> str:
        return dates.format_date(day, 'long', locale=self.locale)

    def days(self, starts: dt.date, ends: dt.date) -> str:
        """Half-open days as a reader counts them, the last one included."""
        last = ends - dt.timedelta(days=1)
        if last <= starts:
            return dates.format_date(starts, 'medium', locale=self.locale)
        said = dates.format_interval(starts, last, 'yMMMd', locale=self.locale)
        return str(said)

    def moment(self, instant: dt.datetime, zone: dt.tzinfo) -> str:
        local = instant.astimezone(zone)
        day = dates.format_date(local, 'medium', locale=self.locale)
        time = dates.format_time(local, 'HH:mm:ss', locale=self.locale)
        return f'{day} {time}'

    def amount(self, minor: int, currency: str) -> str:
        return wording.amount(money.Money(minor, currency), self.locale)

    def price(self, value: Decimal, currency: str) -> str:
        return wording.price(value, currency, self.locale)

    def number(self, value: Decimal) -> str:
        return wording.number(value, self.locale)

    def country(self, code: str) -> str:
        return str(self.locale.territories.get(code, code))


def find(name: str, folder: str = '') -> Words:
    """The words in the first language there is: fr_CA, then fr, then en.

    Days and money follow the words: who gets English words because his own
    are not there reads English dates. Files in `folder`/words come before
    the packaged ones. Raises DocumentNotWritten.
    """
    wanted = wording.locale(name)
    folders = [pathlib.Path(folder)] if folder else []
    for language in (str(wanted), wanted.language, _FALLBACK):
        for place in (*folders, PACKAGED):
            path = place / 'words' / f'{language}.toml'
            if path.is_file():
                spoken = babel.Locale.parse(language)
                same = spoken.language == wanted.language
                return Words(path, wanted if same else spoken, _read(path))
    raise errors.DocumentNotWritten(f'{PACKAGED}/words: there is no en.toml')


@functools.cache
def _read(path: pathlib.Path) -> Mapping[str, Mapping[str, Any]]:
    try:
        return tomllib.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise errors.DocumentNotWritten(f'{path}: {error}') from error
