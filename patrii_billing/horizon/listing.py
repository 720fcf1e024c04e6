# SPDX-License-Identifier: Apache-2.0
"""Tables of what the API lists."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from urllib import parse

from horizon import tables
from horizon.utils import functions

from patrii_billing.horizon import figures
from patrii_billing.horizon import service
from patrii_billing.horizon import words

Row = Mapping[str, Any]


def text(name: str, title: Any, **how: Any) -> tables.Column:
    return _column(lambda row: row[name] or figures.NOTHING, title, **how)


def amount(name: str, title: Any) -> tables.Column:
    return _column(
        lambda row: figures.amount(row[name], row['currency']), title,
        classes=('text-right', 'text-nowrap'),
    )  # fmt: skip


def instant(name: str, title: Any) -> tables.Column:
    return _column(lambda row: figures.instant(row[name]), title)


def day(name: str, title: Any) -> tables.Column:
    return _column(lambda row: figures.day(row[name]), title)


def word(name: str, title: Any, meanings: Row) -> tables.Column:
    return _column(lambda row: words.of(meanings, row[name]), title)


def label(name: str, title: Any, meanings: Row) -> tables.Column:
    return _column(lambda row: words.label(meanings, row[name]), title)


def told(title: Any, tell: Callable[[Row], Any], **how: Any) -> tables.Column:
    """What is made of several fields."""
    return _column(tell, title, **how)


def _column(
    tell: Callable[[Row], Any], title: Any, **how: Any
) -> tables.Column:
    return tables.Column(tell, verbose_name=title, **how)


class Table(tables.DataTable):
    """Its rows are the API's items; `known_by` is what their id is."""

    known_by = 'id'

    def get_object_id(self, datum: Row) -> str:
        return str(datum[self.known_by])

    def get_object_display(self, datum: Row) -> str:
        return str(datum.get('name') or self.get_object_id(datum))


class ListView(tables.DataTableView):
    """A page of a list. What stands in its address narrows it down.

    `meanings` are those of what is typed into a filter in words.
    """

    collection = ''
    narrowed_by: tuple[str, ...] = ()
    meanings: Mapping[str, Mapping[str, Any]] = {}
    template_name = 'horizon/common/_data_table_view.html'

    def get_data(self) -> list[Row]:
        self._follows = False
        table = self.get_table()
        asked = {
            **{name: self.request.GET.get(name) for name in self.narrowed_by},
            **self.filtered(),
            'marker': self.request.GET.get(table._meta.pagination_param),
        }
        with service.told(self.request):
            page = service.of(self.request).get(
                f'/v1/{self.collection}',
                limit=functions.get_page_size(self.request),
                **asked,
            )
            self._follows = bool(page[f'{self.collection}_links'])
            return list(page[self.collection])
        return []

    def filtered(self) -> dict[str, str]:
        """What is typed into the filter above the table."""
        known = {
            name: {str(word).lower(): value for value, word in said.items()}
            for name, said in self.meanings.items()
        }
        return dict(self.get_filters(filters_map=known))

    def has_more_data(self, table: Any) -> bool:
        return self._follows


def address(url: str, **query: str) -> str:
    return f'{url}?{parse.urlencode(query)}'
