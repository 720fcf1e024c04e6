# SPDX-License-Identifier: Apache-2.0
"""The shapes all nouns are made of (JSON Schema, draft 2020-12)."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

Schema = dict[str, Any]

# What every database has room for.
_GREATEST_ID = 2**63 - 1

ID: Schema = {'type': 'integer', 'minimum': 1, 'maximum': _GREATEST_ID}
# Keystone's and nova's: with or without hyphens.
UUID: Schema = {'type': 'string', 'pattern': '^[0-9A-Za-z_-]{1,64}$'}
# A line, that nobody takes for another which has a space more.
NAME: Schema = {
    'type': 'string',
    'minLength': 1,
    'maxLength': 255,
    'pattern': r'^\S(.*\S)?$',
}
TEXT: Schema = {'type': 'string', 'maxLength': 4000}
CURRENCY: Schema = {'type': 'string', 'pattern': '^[A-Z]{3}$'}
# Never a number of JSON; domain.money has the bounds of what it may say.
AMOUNT: Schema = {
    'type': 'string',
    'pattern': r'^-?[0-9]{1,16}(\.[0-9]{1,4})?$',
    'description': 'An amount of money in `currency`, as a decimal string.',
    'examples': ['12.50'],
}
DECIMAL: Schema = {
    'type': 'string',
    'pattern': r'^-?[0-9]{1,20}(\.[0-9]{1,20})?$',
    'description': 'An exact decimal number.',
    'examples': ['0.0125'],
}
INSTANT: Schema = {
    'type': 'string',
    'format': 'date-time',
    'description': 'ISO 8601 with an offset; answered in UTC.',
    'examples': ['2026-01-31T12:00:00Z'],
}
DAY: Schema = {
    'type': 'string',
    'format': 'date',
    'description': "A day in the account's time zone.",
    'examples': ['2026-01-31'],
}
MOMENT: Schema = {
    'type': 'string',
    'anyOf': [{'format': 'date'}, {'format': 'date-time'}],
    'description': "A day in the account's time zone, or an instant.",
    'examples': ['2026-01-31', '2026-01-31T12:00:00Z'],
}
BOOLEAN: Schema = {'type': 'boolean'}

# What may stand in a path, by its name there.
PATH: Mapping[str, Schema] = {
    'project_id': UUID,
    'server_id': UUID,
    'number': {
        'type': 'string',
        'pattern': '^[A-Z0-9]{1,16}-[0-9]{1,9}$',
        'examples': ['INV-000017'],
    },
    'source': {'type': 'string', 'pattern': '^[a-z0-9_-]{1,32}$'},
    'hold_type': {'enum': ['promise', 'pause', 'abuse']},
}


def or_null(schema: Schema) -> Schema:
    """What may be unknown."""
    nullable = {**schema, 'type': [schema['type'], 'null']}
    if 'enum' in schema:
        nullable['enum'] = [*schema['enum'], None]
    return nullable


def one_of(values: Sequence[str]) -> Schema:
    return {'type': 'string', 'enum': [str(value) for value in values]}


def body(
    properties: Mapping[str, Schema], *required: str, minimum: int = 0
) -> Schema:
    """What is sent: nothing but these, and all that are required."""
    schema: Schema = {
        'type': 'object',
        'properties': dict(properties),
        'required': list(required),
        'additionalProperties': False,
    }
    if minimum:
        schema['minProperties'] = minimum
    return schema


def answer(properties: Mapping[str, Schema]) -> Schema:
    """What is answered: all of these; what is unknown is null."""
    return body(properties, *properties)


def query(properties: Mapping[str, Schema]) -> Schema:
    return body(properties)


def listing(
    filters: Mapping[str, Schema],
    sort: Sequence[str],
    marker: Schema = ID,
) -> Schema:
    """The query of a list: its filters, and what it may be ordered by."""
    orders = [f'{key}{way}' for key in sort for way in ('', ':asc', ':desc')]
    return query(
        {
            **filters,
            'limit': {
                'type': 'integer',
                'minimum': 1,
                'maximum': 10000,
                'description': 'How many; at most [api] max_limit.',
            },
            'marker': {
                **marker,
                'description': 'The id of the last one of the page before.',
            },
            'sort': {
                'enum': orders,
                'type': 'string',
                'description': 'By what, and which way. What has no value '
                'of it is not listed.',
            },
        }
    )


def page(name: str, item: Schema) -> Schema:
    """What a list answers, with the link to the next page if there is one."""
    links = {
        'type': 'array',
        'items': answer(
            {
                'rel': one_of(['next']),
                'href': {'type': 'string', 'format': 'uri'},
            }
        ),
    }
    return answer(
        {name: {'type': 'array', 'items': item}, f'{name}_links': links}
    )


# What a dry run tells, beside what would be answered.
ENTRY = answer(
    {
        'at': INSTANT,
        'what': {'type': 'string'},
        'name': {'type': 'string'},
        'why': {'type': 'string'},
        'subscription_id': or_null(ID),
        'server_id': or_null({'type': 'string'}),
        'detail': {'type': 'object'},
    }
)
REHEARSAL = answer(
    {
        'dry_run': {'const': True},
        'would': {'type': 'array', 'items': ENTRY},
        'answer': {},
    }
)

ERRORS = answer(
    {
        'errors': {
            'type': 'array',
            'minItems': 1,
            'items': {
                'type': 'object',
                'properties': {
                    'request_id': {'type': 'string'},
                    'code': {'type': 'string'},
                    'status': {'type': 'integer'},
                    'title': {'type': 'string'},
                    'detail': {'type': 'string'},
                    'path': {
                        'type': 'string',
                        'description': 'The field, of body or query.',
                    },
                },
                'required': [
                    'request_id', 'code', 'status', 'title', 'detail'
                ],
                'additionalProperties': False,
            },
        }
    }
)  # fmt: skip
