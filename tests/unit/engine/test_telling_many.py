# SPDX-License-Identifier: Apache-2.0
"""What is told at once is what is told one by one, and costs less."""

from collections.abc import Sequence
import datetime as dt
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import facts
from patrii_billing.domain import heard
from patrii_billing.engine import observe
from patrii_billing.store import database
from patrii_billing.store import memory
from patrii_billing.store import schema
from patrii_billing.store import servers
from tests import books
from tests import crowd
from tests.unit.engine import test_batches

_HOUR = dt.timedelta(hours=1)
_SHOWN = books.NOW + 24 * _HOUR
_PROJECTS = ('acme-prod', 'other-prod', 'nobodys')
# Two are known and have been shown, one is known, the others are not.
_SERVERS = ('shown', 'moved', 'known', 'new', 'newer')
_KINDS: tuple[tuple[type[Any], dict[str, Any]], ...] = (
    (facts.ServerStopped, {}),
    (facts.ServerStarted, {}),
    (facts.ServerLocked, {}),
    (facts.ServerFailed, {}),
    (facts.ServerDeletionReported, {}),
    (facts.ServerDeleted, {}),
    (facts.ServerShelved, {'offloaded': True}),
    (facts.ServerRenamed, {'name': 'n' * 300}),
)


def _flavor(name: str) -> facts.Flavor:
    return facts.Flavor(name, name, 1, 512, 1, 0)


def _at(hours: int) -> dt.datetime:
    return books.NOW + hours * _HOUR


_HOURS = st.integers(0, 30)
_WHO = {
    'server': st.sampled_from(_SERVERS),
    'project': st.sampled_from(_PROJECTS),
    'at': _HOURS.map(_at),
}
_FLAVORS = st.sampled_from(['s1', 's2']).map(_flavor)
FACTS = st.lists(
    st.one_of(
        st.builds(facts.ServerResized, flavor=_FLAVORS, **_WHO),
        st.builds(
            facts.ServerCreated, flavor=_FLAVORS, state=st.just('active'),
            created_at=_HOURS.map(_at), **_WHO,
        ),
        st.builds(
            facts.ServerSeen, flavor=st.none() | _FLAVORS,
            state=st.just('stopped'), created_at=_HOURS.map(_at), **_WHO,
        ),
        *(
            st.builds(
                kind, **_WHO, **{k: st.just(v) for k, v in more.items()}
            )
            for kind, more in _KINDS
        ),
    ),
    max_size=12,
)  # fmt: skip


def _books() -> database.Database:
    """Acme has a case, and two of its servers were shown by a sweep."""
    db = memory.books()
    db.write(_fill)
    return db


def _fill(conn: Any) -> None:
    acme = books.account(conn)
    plan = books.plan(conn)
    for name, more in (('acme-prod', {'case_id': 'case-1'}), ('other', {})):
        project = name if 'prod' in name else f'{name}-prod'
        sub = books.subscription(
            conn, name, account_id=acme, plan_id=plan, project=project
        )
        if more:
            conn.execute(
                schema.subscriptions.update()
                .where(schema.subscriptions.c.id == sub)
                .values(**more)
            )
    for name in ('shown', 'moved', 'known'):
        books.server(conn, name)
    servers.add_level(
        conn, 'seen', 'acme-prod', 's2', heard.ONE, _at(6), 'seen', 'moved'
    )
    servers.mark_seen(conn, ['shown', 'moved'], _SHOWN)
    conn.execute(schema.subscriptions.update().values(settle_at=None))


def _tell(
    db: database.Database, told: Sequence[facts.Fact], at_once: bool
) -> set[facts.Fact]:
    """Those that came too late."""
    tools = crowd.tools(db)
    batches = [told] if at_once else [[fact] for fact in told]
    return {
        fact
        for batch in batches
        for fact in db.write(
            observe.observe_all, tools, batch, _SHOWN + 24 * _HOUR
        )
    }


def _written(db: database.Database) -> dict[str, list[tuple[Any, ...]]]:
    """All that facts may change; ids say nothing but the order of levels."""

    def read(conn: Any) -> dict[str, list[tuple[Any, ...]]]:
        return {
            table.name: sorted(
                (
                    tuple(row)
                    for row in conn.execute(
                        table.select()
                        .with_only_columns(*table.c[*columns])
                        .order_by(*table.primary_key)
                    )
                ),
                key=str,
            )
            for table, columns in (
                (schema.servers, schema.servers.c.keys()),
                (schema.levels, ('key', 'project', 'server', 'at', 'why')),
                (schema.subscriptions, ('id', 'settle_at', 'check_at')),
                (schema.timeline, ('account_id', 'server', 'name', 'detail')),
            )
        }

    return db.read(read)


class ManyTest(base.BaseTestCase):
    @hypothesis.settings(deadline=None, max_examples=60)
    @hypothesis.given(told=FACTS)
    def test_what_is_told_at_once_is_what_is_told_one_by_one(
        self, told: list[facts.Fact]
    ) -> None:
        together, alone = _books(), _books()

        late = _tell(together, told, at_once=True)

        self.assertEqual(_tell(alone, told, at_once=False), late)
        self.assertEqual(_written(alone), _written(together))

    def test_what_is_known_is_read_once_and_not_written(self) -> None:
        db = _books()
        told = [
            facts.ServerSeen(
                server=name, project='acme-prod', at=_at(hour),
                flavor=_flavor('s1'), created_at=_at(0), state='active',
            )
            for hour in range(24)
            for name in ('shown', 'known')
        ]  # fmt: skip

        with test_batches.counted(db.engine) as statements:
            _tell(db, told, at_once=True)

        self.assertEqual(['BEGIN', 'SELECT'], [
            text.split(' ', 1)[0] for text in statements
        ])  # fmt: skip

    def test_many_cost_as_few_statements_as_one(self) -> None:
        counts = []
        for count in (1, 40):
            told = [
                facts.ServerCreated(
                    server=f'server-{number}', project='acme-prod',
                    at=_at(1), flavor=_flavor('s1'), created_at=_at(1),
                    state='active',
                )
                for number in range(count)
            ]  # fmt: skip
            db = _books()
            with test_batches.counted(db.engine) as statements:
                _tell(db, told, at_once=True)
            counts.append(len(statements))

        self.assertEqual(counts[0], counts[1])
