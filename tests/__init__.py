# SPDX-License-Identifier: Apache-2.0
"""The gate tries the same examples each time; the nightly run searches."""

import logging
import os
from typing import Any

import hypothesis
import sqlalchemy as sa

hypothesis.settings.register_profile('gate', deadline=None, derandomize=True)
hypothesis.settings.register_profile(
    'nightly', deadline=None, max_examples=5000, print_blob=True
)
# One example is enough to notice a change, and no slow host is one.
hypothesis.settings.register_profile(
    'mutation', deadline=None, derandomize=True, database=None,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)  # fmt: skip
hypothesis.settings.load_profile(os.environ.get('HYPOTHESIS_PROFILE', 'gate'))

# oslotest has everything logged that is not told to be still, and SQLAlchemy
# would tell every statement and row, fontTools every table of a font, and
# oslo.policy who it is that asks.
for name in ('sqlalchemy', 'stevedore', 'alembic', 'fontTools', 'oslo_policy'):
    logging.getLogger(name).setLevel(logging.WARNING)


class _Compiled(dict[Any, Any]):
    """Statements that were compiled for any of a test's databases.

    SQLAlchemy keeps them for each engine, and asks by (dialect, statement,
    ...); books in memory have an engine of their own in each test.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), compiled)


_compiled = _Compiled()


@sa.event.listens_for(sa.Engine, 'engine_connect')
def _share_compiled(connection: sa.Connection) -> None:
    if connection.dialect.name == 'sqlite':
        connection.execution_options(compiled_cache=_compiled)
