# SPDX-License-Identifier: Apache-2.0
"""`import cloudkitty`: what it has rated, as metered usage."""

import argparse
import collections
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from decimal import Decimal

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import moment
from patrii_billing.cmd.commands import text
from patrii_billing.domain import rated as law
from patrii_billing.engine import rated
from patrii_billing import errors
from patrii_billing import wiring

NAME = 'cloudkitty'
_CENT = Decimal('0.01')


def add_to(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        'what CloudKitty has rated',
        'Each of its metrics is the usage of a meter cloudkitty.METRIC, or, '
        'by --rates, what it was rated at that of cloudkitty.METRIC.rate.',
    )
    group.add_argument(
        '--begin', metavar='WHEN', type=moment.read,
        help='from then on (default: as far back as samples may be late)',
    )  # fmt: skip
    group.add_argument(
        '--end', metavar='WHEN', type=moment.read,
        help='until then (default: this hour)',
    )  # fmt: skip
    group.add_argument(
        '--project', metavar='ID', help='of one project (default: of all)'
    )
    group.add_argument(
        '--rates', action='store_true',
        help='take what it was rated at for the usage, to bill just that '
        'at a unit price of one',
    )  # fmt: skip
    group.add_argument(
        '--scope-key', metavar='NAME', default='project_id',
        help="CloudKitty's [collect] scope_key (default: %(default)s)",
    )  # fmt: skip


def run(desk: desks.Desk) -> None:
    begin, end = _span(desk)
    source = wiring.rating(desk.conf, desk.options.scope_key)
    told = list(source.told(begin, end, desk.options.project))
    _compare(
        law.prices(told), source.sums(begin, end, desk.options.project)
    )
    changes = desk.write(
        rated.bring, desk.tools, _as_wanted(desk, told), desk.now,
        desk.options.dry_run,
    )  # fmt: skip
    _show(changes, desk.options.dry_run)
    total = sum((one.price for one in told), Decimal(0)).quantize(_CENT)
    print(f'Rated in all: {total:f}, as its summary says.')


def _span(desk: desks.Desk) -> tuple[dt.datetime, dt.datetime]:
    asked, now = desk.options, desk.now
    begin = now - desk.tools.settings.sample_age
    begin = begin.replace(minute=0, second=0, microsecond=0)
    begin += dt.timedelta(hours=1)
    end = now.replace(minute=0, second=0, microsecond=0)
    if asked.begin is not None:
        begin = moment.instant(asked.begin, dt.UTC)
    if asked.end is not None:
        end = moment.instant(asked.end, dt.UTC)
    if not begin < end:
        raise errors.InvalidInput('is not before --end', '--begin')
    return begin, end


def _as_wanted(
    desk: desks.Desk, told: Sequence[law.Rated]
) -> list[law.Rated]:
    """As quantities, or as what they were rated at."""
    if not desk.options.rates:
        return list(told)
    return [
        law.Rated(
            one.project, f'{one.meter}.rate', one.resource, '', one.begin,
            one.end, one.price, one.price,
        )
        for one in told
    ]  # fmt: skip


def _show(changes: Sequence[rated.Difference], dry_run: bool) -> None:
    rows = [
        (one.done, one.points, f'{one.quantity.normalize():f}',
         f'{one.price.quantize(_CENT):f}',
         ' '.join(part for part in (one.project, one.meter, one.why) if part))
        for one in changes
    ]  # fmt: skip
    if rows:
        header = ('DONE', 'POINTS', 'QUANTITY', 'RATED', 'OF')
        print(*text.table(header, rows), sep='\n')
        print()
    counts: collections.Counter[str] = collections.Counter()
    for one in changes:
        counts[one.done] += one.points
    print(
        ', '.join(f'{counts[done]} {done}' for done in law.Done)
        + '.' + ' Dry run: nothing was written.' * dry_run
    )  # fmt: skip


def _compare(
    read: Mapping[str, Decimal], sums: Mapping[str, Decimal]
) -> None:
    """Hold what was read against CloudKitty's own sums, to the cent.

    Raises Conflict where they differ: it rated more meanwhile.
    """
    zero = Decimal(0)
    apart = [
        f'{project}: {read.get(project, zero).quantize(_CENT):f} were read, '
        f'its summary says {sums.get(project, zero).quantize(_CENT):f}'
        for project in sorted({*read, *sums})
        if read.get(project, zero).quantize(_CENT)
        != sums.get(project, zero).quantize(_CENT)
    ]
    if apart:
        raise errors.Conflict('; '.join(apart))
