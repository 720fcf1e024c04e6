# SPDX-License-Identifier: Apache-2.0
"""Read what was sent by the shape of the route; tell all that is wrong."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import datetime as dt
import functools
import json
import re
from typing import Any

import jsonschema

from patrii_billing.api import problems
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base

_MOST_PROBLEMS = 20
_BOOLEANS = {'true': True, 'false': False}
_WHOLE = re.compile(r'-?[0-9]{1,20}')
# No text of a bill; and PostgreSQL has no room for the first.
_NO_TEXT = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]')
_formats = jsonschema.FormatChecker(formats=())


@_formats.checks('date-time', raises=ValueError)
def _is_instant(value: object) -> bool:
    if not isinstance(value, str):
        return True
    read = dt.datetime.fromisoformat(value)
    return 'T' in value and read.tzinfo is not None and _is_sane(read)


@_formats.checks('date', raises=ValueError)
def _is_day(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return len(value) == 10 and _is_sane(dt.date.fromisoformat(value))


def _is_sane(moment: dt.date) -> bool:
    # Others are slips of the pen, and would leave what can be counted in.
    return 1970 <= moment.year < 3000


def path(places: Mapping[str, str]) -> dict[str, Any]:
    """What varies in the path. Raises Refused: nothing is there."""
    read: dict[str, Any] = {}
    for name, text in places.items():
        schema = base.PATH.get(name, base.ID)
        value = _typed(text, schema)
        if not _validator(_frozen(schema)).is_valid(value):
            raise problems.Refused(
                problems.Problem(404, 'not_found', f'there is no {text[:80]}')
            )
        read[name] = value
    return read


def query(route: routes.Route, items: Iterable[tuple[str, str]]) -> Any:
    """The query of a request. Raises Refused."""
    schema = query_schema(route)
    known = schema['properties']
    read: dict[str, Any] = {}
    for name, text in items:
        shape = known.get(name, {})
        if shape.get('type') == 'array':
            read.setdefault(name, []).append(_typed(text, shape['items']))
        elif name in read:
            raise problems.Refused(
                problems.Problem(400, 'invalid', 'is given twice', name)
            )
        else:
            read[name] = _typed(text, shape)
    _check(read, schema)
    return read


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


def body(route: routes.Route, raw: bytes) -> Any:
    """The body of a request, as JSON. Raises Refused."""
    if route.body is None:
        return None
    try:
        # Without a body it is the empty object.
        read = json.loads(
            raw or b'{}',
            object_pairs_hook=_object,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError) as error:
        raise problems.Refused(
            problems.Problem(400, 'invalid', f'the body is no JSON: {error}')
        ) from None
    _check(read, route.body)
    return read


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError('a key is given twice in an object')
    return read


def _no_number(text: str) -> None:
    raise ValueError(f'{text} is no number of JSON')


def _typed(text: str, schema: Mapping[str, Any]) -> Any:
    """A text as the type that its shape wants, if it can be."""
    kind = schema.get('type')
    if kind == 'integer' and _WHOLE.fullmatch(text):
        return int(text)
    if kind == 'boolean':
        return _BOOLEANS.get(text, text)
    return text


def _check(value: Any, schema: Mapping[str, Any]) -> None:
    """Raises Refused with all that is wrong, by path."""
    found = [
        problems.Problem(400, 'invalid', 'has control characters', where)
        for where in _odd_texts(value)
    ]
    for error in _validator(_frozen(schema)).iter_errors(value):
        found += _told(error)
    if found:
        raise problems.Refused(*found[:_MOST_PROBLEMS])


def _told(
    error: jsonschema.ValidationError,
) -> Iterator[problems.Problem]:
    where = _where(error.absolute_path)
    detail = error.message
    schema: Any = error.schema
    wanted: Any = error.validator_value
    instance: Any = error.instance
    if error.validator == 'additionalProperties':
        extra = set(instance) - set(schema.get('properties', ()))
        for name in sorted(extra):
            yield problems.Problem(
                400, 'invalid', 'is not known here', _where([where, name])
            )
        return
    if error.validator == 'required':
        for name in wanted:
            if name not in instance and f"'{name}'" in error.message:
                yield problems.Problem(
                    400, 'invalid', 'is missing', _where([where, name])
                )
        return
    if error.validator == 'pattern' and 'examples' in schema:
        detail = f'must be as {schema["examples"][0]}'
    elif error.validator == 'enum':
        words = ', '.join(str(each) for each in wanted)
        detail = f'must be one of {words}'
    yield problems.Problem(400, 'invalid', detail[:300], where)


def _where(parts: Iterable[Any]) -> str:
    """A path such as lines[0].amount."""
    told = ''
    for part in parts:
        if isinstance(part, int):
            told += f'[{part}]'
        elif part != '':
            told += f'.{part}' if told else str(part)
    return told


def _odd_texts(value: Any, where: str = '') -> Iterator[str]:
    if isinstance(value, str):
        if _NO_TEXT.search(value):
            yield where
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _odd_texts(each, f'{where}[{place}]')
    elif isinstance(value, dict):
        for name, each in value.items():
            if _NO_TEXT.search(name):
                yield where
            yield from _odd_texts(each, _where([where, name]))


def _frozen(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, sort_keys=True)


@functools.cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        json.loads(schema), format_checker=_formats
    )
