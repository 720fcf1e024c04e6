# SPDX-License-Identifier: Apache-2.0
"""Read what was sent, as the types that the shapes of its route want."""

from collections.abc import Mapping
import functools
import json
import math
import re
from typing import Any
from urllib import parse

from patrii_billing.api import checking
from patrii_billing.api import problems
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base

_MOST_FIELDS = 100
_BOOLEANS = {'true': True, 'false': False}
_WHOLE = re.compile(r'-?[0-9]{1,20}')
# Beyond these a number of JSON stands for several whole ones.
_WHOLE_FLOATS = 2**53
_NOTHING = base.body({})


def path(places: Mapping[str, str]) -> dict[str, Any]:
    """What varies in the path. Raises Refused: nothing is there."""
    read: dict[str, Any] = {}
    for name, text in places.items():
        place = _place(name)
        value = _typed(text, place.schema)
        if not place.fits(value):
            told = f'there is no {_noun(name)} {text[:80]}'
            raise problems.Refused(problems.Problem(404, 'not_found', told))
        read[name] = value
    return read


def _noun(name: str) -> str:
    """What is called by what stands so in a path."""
    if name == 'number':
        return 'invoice'
    return name.removesuffix('_id').replace('_', ' ')


@functools.cache
def _place(name: str) -> checking.Checker:
    return checking.Checker(base.PATH.get(name, base.ID))


def query(route: routes.Route, text: str) -> dict[str, Any]:
    """The query of a request, as WSGI hands it over. Raises Refused."""
    checker = _query(route)
    known = checker.schema['properties']
    read: dict[str, Any] = {}
    for name, value in _fields(text):
        shape = known.get(name, {})
        if shape.get('type') == 'array':
            read.setdefault(name, []).append(_typed(value, shape['items']))
        elif name in read:
            raise _invalid('is given twice', name[:64])
        else:
            read[name] = _typed(value, shape)
    checker.check(read)
    return read


def _fields(text: str) -> list[tuple[str, str]]:
    try:
        # WSGI has bytes as the characters of latin-1.
        sent = text.encode('latin-1').decode()
        return parse.parse_qsl(
            sent, keep_blank_values=True, errors='strict',
            max_num_fields=_MOST_FIELDS,
        )  # fmt: skip
    except UnicodeError:
        raise _invalid('the query is no UTF-8') from None
    except ValueError:
        raise _invalid(f'more than {_MOST_FIELDS} fields of query') from None


@functools.cache
def _query(route: routes.Route) -> checking.Checker:
    return checking.Checker(query_schema(route))


def query_schema(route: routes.Route) -> base.Schema:
    schema = dict(route.query) or base.query({})
    if route.writes and route.rule is not None:
        return {
            **schema,
            'properties': {
                **schema['properties'],
                'dry_run': {
                    **base.BOOLEAN,
                    'description': 'Tell what would follow, write nothing.',
                },
            },
        }
    return schema


def body(route: routes.Route, raw: bytes, media_type: str = '') -> Any:
    """The body of a request, as JSON. Raises Refused."""
    checker = _body(route)
    if checker is None:
        return None
    if raw and not _is_json(media_type):
        raise problems.Refused(
            problems.Problem(
                415, 'media_type_unknown',
                'must be application/json', 'Content-Type',
            )
        )  # fmt: skip
    try:
        # Without a body it is the empty object.
        read = json.loads(
            raw or b'{}',
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_number,
        )
    except (ValueError, RecursionError) as error:
        raise _invalid(f'the body is no JSON: {error}') from None
    checker.check(read)
    return read


@functools.cache
def _body(route: routes.Route) -> checking.Checker | None:
    if route.body is not None:
        return checking.Checker(route.body)
    # What takes nothing is told so: else a field would be thought heard.
    if route.writes and route.rule is not None:
        return checking.Checker(_NOTHING)
    return None


def _is_json(media_type: str) -> bool:
    """Also where nothing is said of it."""
    kind = media_type.partition(';')[0].strip().lower()
    return not kind or kind == 'application/json' or kind.endswith('+json')


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError('a key is given twice in an object')
    return read


def _no_number(text: str) -> None:
    raise ValueError(f'{text} is no number of JSON')


def _number(text: str) -> int | float:
    """To JSON Schema 3.0 is whole; then so it is to us."""
    read = float(text)
    if math.isinf(read):
        raise ValueError(f'{text[:20]} is beyond all numbers')
    if read.is_integer() and abs(read) <= _WHOLE_FLOATS:
        return int(read)
    return read


def _typed(text: str, schema: Mapping[str, Any]) -> Any:
    """A text as the type that its shape wants, if it can be."""
    kind = schema.get('type')
    if kind == 'integer' and _WHOLE.fullmatch(text):
        return int(text)
    if kind == 'boolean':
        return _BOOLEANS.get(text, text)
    return text


def _invalid(why: str, where: str = '') -> problems.Refused:
    return problems.Refused(problems.Problem(400, 'invalid', why, where))
