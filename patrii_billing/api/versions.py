# SPDX-License-Identifier: Apache-2.0
"""Which version of the API is spoken, and the header that asks for one."""

from collections.abc import Mapping
from typing import Any

import microversion_parse
import sqlalchemy as sa

from patrii_billing.api import problems
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base

SERVICE_TYPE = 'billing'
VERSION = '1.0'
HEADER = 'OpenStack-API-Version'

_TEXT: base.Schema = {'type': 'string'}
_LINKS = {
    'type': 'array',
    'items': base.answer(
        {
            'rel': base.told(_TEXT, 'What it leads to.'),
            'href': base.told(_TEXT, 'Where it is.'),
        }
    ),
    'description': 'The API itself, and what describes it.',
}
_SCHEMA = base.answer(
    {
        'versions': {
            'type': 'array',
            'items': base.answer(
                {
                    'id': base.told(_TEXT, 'The name of the version.'),
                    'status': base.told(
                        _TEXT, 'CURRENT is the one to be used.'
                    ),
                    'min_version': base.told(
                        _TEXT, 'The lowest microversion that is spoken.'
                    ),
                    'max_version': base.told(
                        _TEXT, 'The highest microversion that is spoken.'
                    ),
                    'links': _LINKS,
                }
            ),
            'description': 'All there are.',
        }
    }
)


def check(headers: Mapping[str, str]) -> None:
    """Raises Refused (406) where a version is asked for that is not ours."""
    try:
        asked = microversion_parse.get_version(dict(headers), SERVICE_TYPE)
    except (TypeError, ValueError):
        asked = ''
    if asked not in (None, 'latest', VERSION):
        raise problems.Refused(
            problems.Problem(
                406, 'version_unknown',
                f'only {SERVICE_TYPE} {VERSION} is spoken here', HEADER,
            )
        )  # fmt: skip


def discover(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    root = call.url.partition('?')[0].rstrip('/').removesuffix('/v1')
    return {
        'versions': [
            {
                'id': 'v1.0',
                'status': 'CURRENT',
                'min_version': VERSION,
                'max_version': VERSION,
                'links': [
                    {'rel': 'self', 'href': f'{root}/v1/'},
                    {'rel': 'describedby', 'href': f'{root}/v1/openapi.json'},
                ],
            }
        ]
    }


ROUTES = tuple(
    routes.Route(
        method='GET', path=path, rule=None, handler=discover,
        summary='Which versions there are', answer=_SCHEMA,
    )
    for path in ('/', '/v1/')
)  # fmt: skip
