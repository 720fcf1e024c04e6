# SPDX-License-Identifier: Apache-2.0
"""patrii-billing-status: whether this release can take over here."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import logging
import sys
from typing import Any

from oslo_config import cfg
from oslo_db import exception as db
from oslo_upgradecheck import upgradecheck
import sqlalchemy as sa

from patrii_billing.cmd import failures
from patrii_billing.conf import checks
from patrii_billing.conf import opts
from patrii_billing.domain import calendar
from patrii_billing.domain import money
from patrii_billing.domain import policy
from patrii_billing.domain import pricing
from patrii_billing.engine.bridging import sides
from patrii_billing import errors
from patrii_billing.store import database
from patrii_billing.store import durability
from patrii_billing.store import migrate
from patrii_billing.store import schema
from patrii_billing import wiring

_EXPECTED = (
    cfg.Error, errors.BillingError, db.DBError, sa.exc.SQLAlchemyError,
)  # fmt: skip
# More are only counted.
_SHOWN = 10

Question = Callable[[], Sequence[str]]


class Checks(upgradecheck.UpgradeCommands):
    """What is asked, in this order; to be run before a new release is."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__()
        self._conf = conf

    def _configuration(self) -> upgradecheck.Result:
        return _result(self._wrong_configuration)

    def _schema(self) -> upgradecheck.Result:
        return _result(self._old_schema)

    def _durability(self) -> upgradecheck.Result:
        return _result(
            lambda: wiring.books(self._conf).read(durability.risks),
            upgradecheck.Code.WARNING,
        )

    def _books(self) -> upgradecheck.Result:
        return _result(self._unreadable)

    def _cloud(self) -> upgradecheck.Result:
        return _result(
            lambda: wiring.complaints(self._conf), upgradecheck.Code.WARNING
        )

    def _bridges(self) -> upgradecheck.Result:
        """What the other engine is, too, where there is one."""
        what: list[str] = []

        def missing() -> Iterator[str]:
            for by in wiring.bridges(self._conf).values():
                sight = sides.there(by)
                what.append(sight.what)
                yield from sight.needs

        lacking = _result(lambda: list(missing()), upgradecheck.Code.WARNING)
        if lacking.details is None and what:
            return upgradecheck.Result(lacking.code, '; '.join(what))
        return lacking

    def _secrets(self) -> upgradecheck.Result:
        return _result(
            lambda: checks.exposed(self._conf), upgradecheck.Code.WARNING
        )

    _upgrade_checks = (
        ('Configuration', _configuration),
        ('Secrets', _secrets),
        ('Database schema', _schema),
        ('Database durability', _durability),
        ('Plans and policies', _books),
        ('Cloud', _cloud),
        ('Other engine', _bridges),
    )

    def _wrong_configuration(self) -> Sequence[str]:
        checks.check(self._conf)
        wiring.check(self._conf)
        return ()

    def _old_schema(self) -> Sequence[str]:
        wiring.check_schema(self._conf)
        return ()

    def _unreadable(self) -> Sequence[str]:
        books = wiring.books(self._conf)
        if migrate.version(books.engine)[0] is None:
            return ['there are no tables yet']
        return _unreadable(books)


def _result(
    question: Question, code: upgradecheck.Code = upgradecheck.Code.FAILURE
) -> upgradecheck.Result:
    try:
        found = list(question())
    except _EXPECTED as error:
        found = failures.told(error)
    if not found:
        return upgradecheck.Result(upgradecheck.Code.SUCCESS)
    if len(found) > _SHOWN:
        found[_SHOWN:] = [f'and {len(found) - _SHOWN} more']
    return upgradecheck.Result(code, '; '.join(found))


def _unreadable(books: database.Database) -> list[str]:
    """What the law of this release cannot read of the books."""
    return books.read(lambda conn: list(_mistakes(conn)))


def _mistakes(conn: sa.Connection) -> Iterator[str]:
    for row in conn.execute(schema.plans.select()):
        yield from _mistake(f'plan {row.name}', money.digits, row.currency)
        yield from _mistake(
            f'plan {row.name}', calendar.Cycle.parse, row.cycle
        )
    for row in conn.execute(schema.accounts.select()):
        yield from _mistake(f'account {row.name}', money.digits, row.currency)
        yield from _mistake(f'account {row.name}', calendar.zone, row.timezone)
    for table in (schema.plans, schema.accounts, schema.subscriptions):
        for row in conn.execute(sa.select(table.c.name, table.c.policy)):
            yield from _mistake(
                f'{table.name} {row.name}', policy.Policy().reading, row.policy
            )
    known = set(pricing.PriceKind)
    for kind in conn.execute(sa.select(schema.prices.c.kind).distinct()):
        if kind[0] not in known:
            yield f'prices: {kind[0]} is no kind of price'


def _mistake(
    name: str, read: Callable[[Any], object], value: Any
) -> Iterator[str]:
    try:
        read(value)
    except errors.InvalidInput as error:
        yield f'{name}: {error}'


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; 0 all is well, 1 a warning, 2 a failure, 255 no answer."""
    # What libraries log would stand between the results.
    logging.basicConfig(handlers=[logging.NullHandler()])
    conf = cfg.ConfigOpts()
    opts.register_opts(conf)
    try:
        return int(
            upgradecheck.main(
                conf, 'patrii_billing', Checks(conf),
                list(sys.argv[1:] if argv is None else argv),
                default_config_files=[opts.DEFAULT_FILE],
            )
        )  # fmt: skip
    except cfg.Error as error:
        for line in failures.told(error):
            print(f'patrii-billing-status: error: {line}', file=sys.stderr)
        return 255
