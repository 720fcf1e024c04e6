# SPDX-License-Identifier: Apache-2.0
"""A family of samples: one name, one meaning, a sample for each of a thing."""

from collections.abc import Iterable
from collections.abc import Mapping
import datetime as dt
from decimal import Decimal

from prometheus_client import metrics_core

PREFIX = 'patrii_billing_'
# What a sample is of: the values of the family's labels, in order.
Of = tuple[str, ...]
Value = int | float | Decimal | bool


def gauge(
    name: str,
    told: str,
    values: Value | None | Mapping[Of, Value],
    labels: Iterable[str] = (),
) -> metrics_core.Metric:
    """One value, none, or one for each of the labels' values."""
    family = metrics_core.GaugeMetricFamily(
        f'{PREFIX}{name}', told, labels=tuple(labels)
    )
    if values is None:
        return family
    if not isinstance(values, Mapping):
        values = {(): values}
    for of, value in values.items():
        family.add_metric([str(each) for each in of], float(value))
    return family


def age(since: dt.datetime | None, now: dt.datetime) -> float:
    """Seconds; 0 where there is nothing, or it is not due yet."""
    return 0 if since is None else max((now - since).total_seconds(), 0)


def stamp(at: dt.datetime | None) -> float | None:
    """The instant in seconds since 1970, if it ever was."""
    return None if at is None else at.timestamp()
