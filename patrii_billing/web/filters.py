# SPDX-License-Identifier: Apache-2.0
"""A list as it was asked for: its filters, a page of it, or all of it as CSV.

What the API lists is shown; what it cannot filter by is not offered here.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import csv
from dataclasses import dataclass
from typing import Any
from urllib import parse

import flask

from patrii_billing.web import service as services
from patrii_billing.web import visit

PAGE = 50
# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection).
_FORMULA = ('=', '+', '-', '@', '\t', '\r')


@dataclass(frozen=True, slots=True)
class List:
    """A list of the API: `path`, the `name` of its items, its `filters`.

    `columns` are those of the CSV: a title, and what is of an item.
    """

    path: str
    name: str
    filters: Sequence[str]
    columns: Sequence[tuple[str, Callable[[Mapping[str, Any]], Any]]]

    def asked(self) -> dict[str, str]:
        """The filters that are set in this request."""
        given = flask.request.args
        return {
            name: given[name].strip()
            for name in self.filters
            if given.get(name, '').strip()
        }

    def page(self, **fixed: Any) -> tuple[list[Any], str | None]:
        """The items of a page, and the marker of the next one."""
        found = visit.current().service.get(
            self.path, **self.asked(), **fixed, limit=PAGE,
            marker=flask.request.args.get('marker'),
        )  # fmt: skip
        return found[self.name], services.following(found, self.name)

    def file(self, **fixed: Any) -> flask.Response:
        """All that is asked for, page by page, as a file."""
        items = visit.current().service.every(
            self.path, self.name, **self.asked(), **fixed, limit=1000
        )
        response = flask.Response(
            flask.stream_with_context(_lines(self.columns, items)),
            content_type='text/csv; charset=utf-8',
        )
        response.headers['Content-Disposition'] = (
            f'attachment; filename="{self.name}.csv"'
        )
        return response


def again(endpoint: str, **changes: str) -> str:
    """A page of the list that this request asks for, from its start.

    But for some changes, where '' takes a filter away. What was asked stands
    in the query alone, whatever somebody wrote there.
    """
    asked = [
        *(
            (name, value)
            for name, value in flask.request.args.items(multi=True)
            if name != 'marker' and name not in changes
        ),
        *changes.items(),
    ]
    query = parse.urlencode([(k, v) for k, v in asked if v])
    path = flask.url_for(endpoint, **(flask.request.view_args or {}))
    return f'{path}?{query}' if query else path


class _Line:
    """What csv writes to: the last line alone."""

    def __init__(self) -> None:
        self.text = ''

    def write(self, text: str) -> None:
        self.text = text


def _lines(
    columns: Sequence[tuple[str, Callable[[Mapping[str, Any]], Any]]],
    items: Iterator[Mapping[str, Any]],
) -> Iterator[str]:
    line = _Line()
    writer = csv.writer(line)
    writer.writerow([title for title, _ in columns])
    # A spreadsheet takes it for UTF-8 by the mark at its beginning.
    yield '\ufeff' + line.text
    for item in items:
        writer.writerow([_cell(value(item)) for _, value in columns])
        yield line.text


def _cell(value: Any) -> str:
    text = '' if value is None else str(value)
    if text.startswith(_FORMULA) and not _is_number(text):
        return f"'{text}"
    return text


def _is_number(text: str) -> bool:
    return text.replace('-', '', 1).replace('.', '', 1).isdigit()


def of(name: str) -> Callable[[Mapping[str, Any]], Any]:
    """The value of a field."""
    return lambda item: item.get(name)
