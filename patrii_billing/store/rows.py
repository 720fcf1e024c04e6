# SPDX-License-Identifier: Apache-2.0
"""Rows whose columns are asked for often.

To find a column of one of SQLAlchemy's rows by its name takes ten times as
long as to find that of a named tuple, which it takes one such look to make.
"""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import functools
from typing import Any

import sqlalchemy as sa


def named(result: sa.Result[Any]) -> Sequence[Any]:
    """All rows of a result as named tuples."""
    shape = _shape(tuple(result.keys()))
    make = functools.partial(tuple.__new__, shape)
    return list(map(make, result.all()))


def given(
    names: Sequence[str], values: Iterable[Mapping[str, Any]]
) -> Sequence[Any]:
    """What was written, as if it was read: None where nothing is said."""
    make = functools.partial(tuple.__new__, _shape(tuple(names)))
    return [make(map(each.get, names)) for each in values]


@functools.cache
def _shape(names: tuple[str, ...]) -> type[tuple[Any, ...]]:
    return collections.namedtuple('Row', names)
