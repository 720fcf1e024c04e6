# SPDX-License-Identifier: Apache-2.0
"""The document that describes the API, made from its table of routes."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import functools
import json
from typing import Any

import sqlalchemy as sa

from patrii_billing.api import reading
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import ladder
from patrii_billing.api import versions

_JSON = 'application/json'
_SCHEMAS = '#/components/schemas/'
_ABOUT = """\
Amounts are decimal strings beside a currency, instants are UTC, days are
those of the account. What is unknown is null.

A write with `dry_run=true` tells what would follow and writes nothing; one
with an `Idempotency-Key` is done once. Lists are read page by page by `limit`
and `marker`, in the order of `sort`, to the link `next`.

A customer's token reaches what is of the account of its project; all else is
to him as if it were not there. `x-openstack-policy` names the rule.

What goes wrong is a list of errors, each with a code that stays, as
`billing.invoice.conflict`, and the path of the field that it is about: 400
what was sent is wrong, 401 no valid token, 403 the policy is against it, 404
it is not there, 406 no such version, 409 the state of things is in the way,
413 and 415 too long a body or none of JSON, 501 an extra is not installed,
503 something is away, try again.
"""
_KEY = {
    'name': 'Idempotency-Key',
    'in': 'header',
    'required': False,
    'description': 'The same key and request again are answered the same, '
    'and do nothing.',
    'schema': {'type': 'string', 'minLength': 1, 'maxLength': 255},
}
# What stands under its own name wherever it is said.
_SHARED: Mapping[str, base.Schema] = {
    'Errors': base.ERRORS,
    'Policy': ladder.POLICY,
    'PolicyChange': ladder.CHANGED,
}


def route(table: Sequence[routes.Route]) -> routes.Route:
    """The route that answers the document of a table."""

    def handler(call: routes.Call, conn: sa.Connection) -> Any:
        return document(tuple(table))

    return routes.Route(
        method='GET', path='/v1/openapi.json', rule=None, handler=handler,
        summary='This document', answer={'type': 'object'},
    )  # fmt: skip


@functools.cache
def document(table: tuple[routes.Route, ...]) -> dict[str, Any]:
    """OpenAPI 3.1."""
    shared = _shared(table)
    names = {_written(schema): name for name, schema in shared.items()}
    paths: dict[str, dict[str, Any]] = {}
    for each in table:
        operations = paths.setdefault(each.path, {})
        operations[each.method.lower()] = _lifted(_operation(each), names)
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
            'schemas': {
                name: {
                    key: _lifted(value, names)
                    for key, value in schema.items()
                }
                for name, schema in shared.items()
            },
            'parameters': {'IdempotencyKey': _KEY},
            'responses': {'Error': _content(
                'What is wrong, and where.', {'$ref': f'{_SCHEMAS}Errors'}
            )},
            'securitySchemes': {
                'keystone': {
                    'type': 'apiKey', 'in': 'header', 'name': 'X-Auth-Token'
                }
            },
        },
    }  # fmt: skip


def _shared(table: Sequence[routes.Route]) -> dict[str, base.Schema]:
    """Shapes by their names: what is shown of a noun has the noun's."""
    shown = {
        each.noun.title().replace('_', ''): dict(each.answer)
        for each in table
        if each.rule is not None and each.rule.endswith(':show')
    }
    return {**_SHARED, 'Rehearsal': base.REHEARSAL, **shown}


def _lifted(told: Any, names: Mapping[str, str]) -> Any:
    """The same with a reference to what stands under a name of its own."""
    if isinstance(told, Mapping):
        name = names.get(_written(told)) if 'type' in told else None
        if name is not None:
            return {'$ref': f'{_SCHEMAS}{name}'}
        return {key: _lifted(value, names) for key, value in told.items()}
    if isinstance(told, (list, tuple)):
        return [_lifted(each, names) for each in told]
    return told


def _written(schema: Any) -> str:
    return json.dumps(schema, sort_keys=True)


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
        told['parameters'].append(
            {'$ref': '#/components/parameters/IdempotencyKey'}
        )
        told['responses']['200'] = _rehearsed(route)
    if route.body is not None:
        told['requestBody'] = {
            'required': bool(route.body.get('required')),
            'content': {_JSON: {'schema': route.body}},
        }
    return told


def _rehearsed(route: routes.Route) -> dict[str, Any]:
    """A dry run is answered so, whatever the write would be answered."""
    rehearsal = {'$ref': f'{_SCHEMAS}Rehearsal'}
    if route.status != 200:
        return _content('What would follow.', rehearsal)
    return _content(
        'Done, or what would follow.', {'anyOf': [route.answer, rehearsal]}
    )


def _answered(route: routes.Route) -> dict[str, Any]:
    if route.status == 204:
        return {'description': 'Done.'}
    told = 'Done.' if route.writes else 'Found.'
    return _content(told, route.answer, route.media_type)


def _content(
    told: str, schema: Any, media_type: str = _JSON
) -> dict[str, Any]:
    return {'description': told, 'content': {media_type: {'schema': schema}}}


def _name(route: routes.Route) -> str:
    """As it is called by its rule: invoice_write_off."""
    if route.rule is not None:
        return route.rule.removeprefix('billing:').replace(':', '_')
    parts = [
        part.strip('{}')
        for part in route.path.removeprefix('/v1').split('/')
        if part
    ]
    if not parts:
        parts = ['version' if 'v1' in route.path else 'versions']
    return '_'.join([route.method.lower(), *parts])


def _parameters(route: routes.Route) -> Iterator[dict[str, Any]]:
    for name in route.places:
        yield {
            'name': name,
            'in': 'path',
            'required': True,
            'schema': base.PATH.get(name, base.ID),
            'description': _named(name),
        }
    schema = reading.query_schema(route)
    for name, shape in schema['properties'].items():
        yield {
            'name': name,
            'in': 'query',
            'required': name in schema['required'],
            'schema': shape,
            'description': shape.get('description') or _only(name),
        }


def _named(name: str) -> str:
    noun, _, what = name.replace('_', ' ').rpartition(' ')
    return f'The {what} of the {noun}.' if noun else f'Its {what}.'


def _only(name: str) -> str:
    noun, _, what = name.replace('_', ' ').rpartition(' ')
    if what == 'id' and noun:
        return f'Only what is of this {noun}, by its id.'
    return f'Only what has this {name.replace("_", " ")}.'
