# SPDX-License-Identifier: Apache-2.0
"""The document that describes the API, made from its table of routes."""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from patrii_billing.api import reading
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api import versions

_ABOUT = """\
Amounts are decimal strings beside a currency, instants are UTC, days are
those of the account. A write with `dry_run=true` tells what would follow and
writes nothing; one with an `Idempotency-Key` is done once.
"""
_KEY = {
    'name': 'Idempotency-Key',
    'in': 'header',
    'required': False,
    'description': 'The same key and request again are answered the same, '
    'and do nothing.',
    'schema': {'type': 'string', 'minLength': 1, 'maxLength': 255},
}


def route(table: Sequence[routes.Route]) -> routes.Route:
    """The route that answers the document of a table."""

    def handler(call: routes.Call, conn: sa.Connection) -> Any:
        return document(table)

    return routes.Route(
        method='GET', path='/v1/openapi.json', rule=None, handler=handler,
        summary='This document', answer={'type': 'object'},
    )  # fmt: skip


def document(table: Sequence[routes.Route]) -> dict[str, Any]:
    """OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for each in table:
        operations = paths.setdefault(each.path, {})
        operations[each.method.lower()] = _operation(each)
    return {
        'openapi': '3.1.0',
        'info': {
            'title': 'Patrii Billing',
            'version': versions.VERSION,
            'description': _ABOUT,
            'license': {'name': 'Apache-2.0', 'identifier': 'Apache-2.0'},
        },
        'servers': [{'url': '/'}],
        'tags': [
            {'name': noun} for noun in sorted({each.noun for each in table})
        ],
        'paths': paths,
        'components': {
            'schemas': {'Errors': base.ERRORS, 'Rehearsal': base.REHEARSAL},
            'responses': {
                'Error': {
                    'description': 'What is wrong, and where.',
                    'content': {
                        'application/json': {
                            'schema': {'$ref': '#/components/schemas/Errors'}
                        }
                    },
                }
            },
            'securitySchemes': {
                'keystone': {
                    'type': 'apiKey', 'in': 'header', 'name': 'X-Auth-Token'
                }
            },
        },
    }  # fmt: skip


def _operation(route: routes.Route) -> dict[str, Any]:
    told: dict[str, Any] = {
        'operationId': _name(route),
        'summary': route.summary,
        'tags': [route.noun],
        'parameters': list(_parameters(route)),
        'responses': {
            str(route.status): _answered(route),
            'default': {'$ref': '#/components/responses/Error'},
        },
        'security': [] if route.rule is None else [{'keystone': []}],
    }
    if route.description:
        told['description'] = route.description
    if route.rule is not None:
        told['x-openstack-policy'] = route.rule
    if route.rule is not None and route.writes:
        told['parameters'].append(_KEY)
        # A dry run is answered so, whatever the write would be answered.
        rehearsed = {'$ref': '#/components/schemas/Rehearsal'}
        ok = told['responses'].setdefault(
            '200', {'description': 'What would follow.', 'content': {}}
        )
        told['responses']['200'] = _either(ok, rehearsed)
    if route.body is not None:
        told['requestBody'] = {
            'required': bool(route.body.get('required')),
            'content': {'application/json': {'schema': route.body}},
        }
    return told


def _either(answered: Any, other: Any) -> dict[str, Any]:
    content = answered.get('content', {}).get('application/json')
    schema = {'anyOf': [content['schema'], other]} if content else other
    return {
        'description': answered['description'],
        'content': {'application/json': {'schema': schema}},
    }


def _answered(route: routes.Route) -> dict[str, Any]:
    if route.status == 204:
        return {'description': 'Done.'}
    return {
        'description': 'Done.' if route.writes else 'Found.',
        'content': {route.media_type: {'schema': route.answer}},
    }


def _name(route: routes.Route) -> str:
    parts = [
        part.strip('{}').replace('.', '_') for part in route.path.split('/')
    ]
    return '_'.join([route.method.lower(), *filter(None, parts)])


def _parameters(route: routes.Route) -> Iterator[dict[str, Any]]:
    for name in route.places:
        yield {
            'name': name,
            'in': 'path',
            'required': True,
            'schema': base.PATH.get(name, base.ID),
        }
    schema = reading.query_schema(route)
    for name, shape in schema['properties'].items():
        yield {
            'name': name,
            'in': 'query',
            'required': name in schema['required'],
            'schema': shape,
            'description': shape.get('description', ''),
        }
