# SPDX-License-Identifier: Apache-2.0
"""What CloudKitty has rated, by the second version of its API.

Its `dataframes` are read page by page; of its `summary` only the sums are
taken, to hold what was read against.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import datetime as dt
from decimal import Decimal
from typing import Any

from patrii_billing.cloud import answers
from patrii_billing.cloud import session
from patrii_billing.domain import rated
from patrii_billing import errors

SERVICE = 'rating'
# What its usage is called here goes on with its metric.
METER = 'cloudkitty.'
# By which its resources are told apart, as the usual metrics.yml names them.
_RESOURCE = ('id', 'resource_id')
_LONGEST = 255
_EMPTY = 'No resource found'


class CloudKitty:
    """Reads only. Each method raises CloudUnavailable or CloudRefused."""

    def __init__(
        self,
        connection: session.Connection,
        scope: str = 'project_id',
        page: int = 500,
    ) -> None:
        """`scope` is the attribute that holds a project there."""
        self._connection, self._scope, self._page = connection, scope, page

    def told(
        self,
        begin: dt.datetime,
        end: dt.datetime,
        project: str | None = None,
    ) -> Iterator[rated.Rated]:
        """All of a span, whose begin is in it."""
        asked = self._asked(begin, end, project)
        for frame in self._pages('/v2/dataframes', 'dataframes', asked):
            with answers.understood('a dataframe of cloudkitty'):
                yield from self._frame(frame)

    def sums(
        self,
        begin: dt.datetime,
        end: dt.datetime,
        project: str | None = None,
    ) -> Mapping[str, Decimal]:
        """What CloudKitty says that a span costs, by project."""
        asked = self._asked(begin, end, project)
        asked['groupby'] = self._scope
        found: dict[str, Decimal] = {}
        for row in self._pages('/v2/summary', 'results', asked):
            with answers.understood('a summary of cloudkitty'):
                which = str(row[self._scope])
                found[which] = _decimal(row['rate'])
        return found

    def _asked(
        self, begin: dt.datetime, end: dt.datetime, project: str | None
    ) -> dict[str, Any]:
        asked = {
            'begin': begin.isoformat(timespec='seconds'),
            'end': end.isoformat(timespec='seconds'),
        }
        if project is not None:
            asked['filters'] = f'{self._scope}:{project}'
        return asked

    def _pages(
        self, path: str, name: str, asked: Mapping[str, Any]
    ) -> Iterator[Any]:
        """What is on all pages, which must be those of one reading."""
        total: int | None = None
        seen = 0
        while total is None or seen < total:
            answer = self._page_of(path, {
                **asked, 'offset': seen, 'limit': self._page,
            })  # fmt: skip
            if answer is None:
                return
            with answers.understood(f'GET {path}'):
                found, said = _listed(answer, name), int(answer['total'])
            if total not in (None, said) or (not found and seen < said):
                raise errors.CloudUnavailable(
                    f'{path} changed while it was read; try again'
                )
            total = said
            seen += len(found)
            yield from found

    def _page_of(
        self, path: str, query: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The answer; None where there is nothing, which is a 404 there."""
        what = f'GET {path}'
        response = self._connection.request(
            SERVICE, 'GET', path, params=query
        )
        if response.status_code == 404 and _EMPTY in response.text:
            return None
        if response.status_code != 200:
            answers.body(response, what)
        with answers.understood(what):
            # A number there is a float, whose text is what was meant.
            return dict(response.json(parse_float=Decimal))

    def _frame(self, frame: Mapping[str, Any]) -> Iterator[rated.Rated]:
        begin = _instant(frame['period']['begin'])
        end = _instant(frame['period']['end'])
        for metric, points in frame['usage'].items():
            for point in points:
                group = point['groupby']
                yield rated.Rated(
                    project=str(group[self._scope]),
                    meter=f'{METER}{metric}'[:_LONGEST],
                    resource=self._resource(group),
                    unit=str(point['vol']['unit'])[:32],
                    begin=begin,
                    end=end,
                    quantity=_decimal(point['vol']['qty']),
                    price=_decimal(point['rating']['price']),
                )

    def _resource(self, group: Mapping[str, Any]) -> str:
        """What is measured; else all that tells it from others."""
        for name in _RESOURCE:
            if group.get(name):
                return str(group[name])[:_LONGEST]
        others = [
            f'{name}={value}'
            for name, value in sorted(group.items())
            if name != self._scope and value
        ]
        return ','.join(others)[:_LONGEST] or '-'


def _listed(answer: Mapping[str, Any], name: str) -> list[Any]:
    """Dataframes as they are; rows of a summary by their columns."""
    found = list(answer[name])
    if 'columns' not in answer:
        return found
    return [dict(zip(answer['columns'], row, strict=True)) for row in found]


def _decimal(value: Any) -> Decimal:
    read = Decimal(value) if isinstance(value, int) else value
    if not isinstance(read, Decimal) or not read.is_finite():
        raise ValueError(f'{value!r} is no number')
    return read


def _instant(text: str) -> dt.datetime:
    read = dt.datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(f'{text!r} has no offset')
    return read.astimezone(dt.UTC)
