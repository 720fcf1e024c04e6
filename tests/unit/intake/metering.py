# SPDX-License-Identifier: Apache-2.0
"""Messages as ceilometer's notifier publisher sends them.

The fixture was made with ceilometer 27.0.0 (Sample of its sample.py, signed
by meter_message_from_counter of its publisher/utils.py) and taken through
JSON as the broker does.
"""

import copy
import datetime as dt
import json
import pathlib
from typing import Any

from patrii_billing.intake import ceilometer

_FIXTURES = pathlib.Path(__file__).parents[2] / 'fixtures' / 'notifications'
_RECORDED = json.loads((_FIXTURES / 'metering.json').read_text())

SOURCE = ceilometer.Source('metering', _RECORDED.pop('secret'))
PROJECT = '3f1a9c0d5e7b42d88c6e0f2a4b6d8e01'
SERVER = 'c81d4e2e-bcf2-41e6-869b-7b9a2d9bd001'


def recorded() -> dict[str, Any]:
    """One message with six samples of six meters."""
    return copy.deepcopy(_RECORDED)


def signed(sample: dict[str, Any], secret: str = SOURCE.secret) -> Any:
    return {
        **sample,
        'message_signature': ceilometer.signature(sample, secret),
    }


def sample(
    at: dt.datetime, volume: float = 1, type_: str = 'delta', **values: Any
) -> dict[str, Any]:
    """A signed sample of the meter `traffic` of a server."""
    content = {
        'source': 'openstack',
        'counter_name': 'traffic',
        'counter_type': type_,
        'counter_unit': 'B',
        'counter_volume': volume,
        'user_id': None,
        'project_id': 'acme-prod',
        'resource_id': 'web',
        'timestamp': at.replace(tzinfo=None).isoformat(),
        'resource_metadata': {'instance_id': 'web'},
        'message_id': f'{at}{volume}',
        'monotonic_time': None,
        **values,
    }
    return signed(content)


def message(*samples: Any, **values: Any) -> dict[str, Any]:
    """A message as it goes over the wire."""
    return {**recorded(), 'payload': list(samples), **values}
