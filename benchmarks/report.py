#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the page of benchmarks from the results that were kept."""

from collections.abc import Iterator
import json
import pathlib
import sys
import textwrap
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from benchmarks import contest  # noqa: E402

PAGE = (
    pathlib.Path(__file__).resolve().parents[1]
    / 'doc/source/contributor/benchmarks.rst'
)

_HEAD = """\
.. Written by benchmarks/report.py from benchmarks/results; change those.

==========
Benchmarks
==========

Each hot path runs beside what it cannot beat (a floor) and beside what it
must beat (a peer). All contenders take turns in one run; what counts is the
ratio between two of them in the same turn, since absolute figures are those
of one machine on one day. Each figure is the median of its turns.

A command prints every turn, tells which bounds were missed by its exit code,
and with ``--keep`` writes its file in ``benchmarks/results`` anew; after that
``python benchmarks/report.py`` writes this page.
"""

# Nobody who reads results waits as long as these take.
_BLOCK = '.. code-block:: console\n   :class: not-run needs-time'


def main() -> None:
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page())


def page() -> str:
    """The whole page in reStructuredText."""
    kept = [
        json.loads(path.read_text())
        for path in sorted(contest.RESULTS.glob('*.json'))
    ]
    return '\n'.join([_HEAD, *(_section(each) for each in kept)])


def _section(kept: dict[str, Any]) -> str:
    machine = kept['machine']
    when = (
        f'Taken {kept["taken"]} on {machine["cores"]} cores with Python'
        f' {machine["python"]}, {kept["turns"]} turns, at a load of'
        f' {machine["load"]} when it ended.'
    )
    parts = [
        f'{kept["name"]}\n{"-" * len(kept["name"])}',
        *(textwrap.fill(each, 78) for each in kept['about'].split('\n\n')),
        f'{_BLOCK}\n\n   $ {kept["command"]}',
        textwrap.fill(when, 78),
        '\n'.join(_figures(kept['contenders'])),
    ]
    if kept['bounds']:
        parts.append('\n'.join(_bounds(kept['bounds'])))
    return '\n\n'.join(parts) + '\n'


def _figures(contenders: dict[str, Any]) -> Iterator[str]:
    columns = list(
        dict.fromkeys(what for each in contenders.values() for what in each)
    )
    yield from _table('contender', *columns)
    for name, figures in contenders.items():
        yield _row(
            name,
            *(
                contest.shown(figures[what]['median'])
                if what in figures else '-'
                for what in columns
            ),
        )  # fmt: skip


def _bounds(bounds: list[dict[str, Any]]) -> Iterator[str]:
    yield from _table('to reach', 'is', 'wanted', 'reached')
    for each in bounds:
        yield _row(
            each['what'], contest.shown(each['value']), each['wanted'],
            'yes' if each['met'] else '**no**',
        )  # fmt: skip


def _table(*columns: str) -> Iterator[str]:
    yield '.. csv-table::'
    yield f'   :header: {_cells(columns)}'
    yield ''


def _row(*cells: str) -> str:
    return f'   {_cells(cells)}'


def _cells(cells: tuple[str, ...]) -> str:
    return ', '.join(f'"{cell}"' for cell in cells)


if __name__ == '__main__':
    main()
