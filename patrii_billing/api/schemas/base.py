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


def told(schema: Schema, description: str) -> Schema:
    """The same, with what it means at the place where it stands."""
    return {**schema, 'description': description}


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
                'rel': told(one_of(['next']), 'What it leads to.'),
                'href': {
                    'type': 'string',
                    'format': 'uri',
                    'description': 'Where it is, with all that was asked.',
                },
            }
        ),
        'description': 'The way to the next page; empty on the last.',
    }
    items = {
        'type': 'array',
        'items': item,
        'description': 'Those of this page, in order.',
    }
    return answer({name: items, f'{name}_links': links})


# What a dry run tells, beside what would be answered.
_TEXT: Schema = {'type': 'string'}
ENTRY = answer(
    {
        'at': told(INSTANT, 'When it would happen, in UTC.'),
        'what': told(_TEXT, 'Its kind, as status or action.'),
        'name': told(_TEXT, 'What exactly it would be.'),
        'why': told(_TEXT, 'The reason, in words.'),
        'subscription_id': told(
            or_null(ID), 'The subscription it is about, by its id.'
        ),
        'server_id': told(
            or_null(_TEXT), 'The server it is about, by its id in nova.'
        ),
        'detail': {
            'type': 'object',
            'description': 'What more there is to it, by the kind of it.',
        },
    }
)
REHEARSAL = answer(
    {
        'dry_run': {
            'const': True,
            'description': 'Nothing of this was done.',
        },
        'would': {
            'type': 'array',
            'items': ENTRY,
            'description': 'What would stand in the timeline, in order.',
        },
        'answer': {
            'description': 'What would be answered; null where that is '
            'without a body.',
        },
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
                    'request_id': told(
                        _TEXT, 'The request, as it stands in the log.'
                    ),
                    'code': told(
                        _TEXT, 'For programs: billing.<noun>.<what>; it stays.'
                    ),
                    'status': {
                        'type': 'integer',
                        'description': 'The status of the response.',
                    },
                    'title': told(_TEXT, 'The status, in words.'),
                    'detail': told(_TEXT, 'For people: what is wrong.'),
                    'path': told(_TEXT, 'The field, of body or query.'),
                },
                'required': [
                    'request_id', 'code', 'status', 'title', 'detail'
                ],
                'additionalProperties': False,
            },
            'description': 'All that is wrong with what was sent.',
        }
    }
)  # fmt: skip
