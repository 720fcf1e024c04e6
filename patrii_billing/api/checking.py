# SPDX-License-Identifier: Apache-2.0
"""Check what was sent by a shape, and tell all that is wrong with it."""

from collections.abc import Iterator
from collections.abc import Mapping
import datetime as dt
import functools
import itertools
import re
from typing import Any

import jsonschema

from patrii_billing.api import problems

_MOST_PROBLEMS = 20
_LONGEST_DETAIL = 300
_LONGEST_NAME = 64
# A bill has no deeper; what checks it goes down by recursion.
_DEEPEST = 32
# No text of a bill: PostgreSQL has no room for the first, XML for the others.
_NO_TEXT = re.compile(
    '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]'
)
_DAY = re.compile(r'[0-9]{4}-[0-9]{2}-[0-9]{2}')
_INSTANT = re.compile(
    _DAY.pattern
    + r'T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})'
)
_formats = jsonschema.FormatChecker(formats=())


@_formats.checks('date-time', raises=ValueError)
def _is_instant(value: object) -> bool:
    if not isinstance(value, str):
        return True
    # Python reads more than RFC 3339 has, as weeks.
    return _INSTANT.fullmatch(value) is not None and _is_sane(
        dt.datetime.fromisoformat(value)
    )


@_formats.checks('date', raises=ValueError)
def _is_day(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return _DAY.fullmatch(value) is not None and _is_sane(
        dt.date.fromisoformat(value)
    )


def _is_sane(moment: dt.date) -> bool:
    # Others are slips of the pen, and would leave what can be counted in.
    return 1970 <= moment.year < 3000


def _matches(
    validator: Any, pattern: str, instance: Any, schema: Any
) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield jsonschema.ValidationError(f'must match {pattern}')


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # As in ECMA 262, where $ is the end, and not before a line break too.
    return re.compile(re.sub(r'\$$', r'\\Z', pattern))


_extend: Any = jsonschema.validators.extend
_Validator = _extend(
    jsonschema.Draft202012Validator, {'pattern': _matches}
)


class Checker:
    """Checks by one shape; made once for many requests."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self._validator = _Validator(schema, format_checker=_formats)

    def fits(self, value: Any) -> bool:
        return bool(self._validator.is_valid(value))

    def check(self, value: Any) -> None:
        """Raises Refused with all that is wrong, by path."""
        found = list(itertools.islice(self._wrong(value), _MOST_PROBLEMS))
        if found:
            raise problems.Refused(*found)

    def _wrong(self, value: Any) -> Iterator[problems.Problem]:
        odd = False
        for why, where in _odd(value):
            odd = True
            yield _wrong(why, where)
        if odd:  # and maybe too deep for what follows
            return
        for error in self._validator.iter_errors(value):
            yield from _told(error)


def _wrong(why: str, where: str) -> problems.Problem:
    return problems.Problem(400, 'invalid', why, where)


def _told(
    error: jsonschema.ValidationError,
) -> Iterator[problems.Problem]:
    where: str = functools.reduce(_under, error.absolute_path, '')
    schema: Any = error.schema
    wanted: Any = error.validator_value
    instance: Any = error.instance
    match error.validator:
        case 'additionalProperties':
            for name in sorted(set(instance) - set(schema['properties'])):
                yield _wrong('is not known here', _under(where, name))
        case 'required':
            for name in wanted:
                if name not in instance and f"'{name}'" in error.message:
                    yield _wrong('is missing', _under(where, name))
        case 'pattern' | 'anyOf' if 'examples' in schema:
            told = ' or '.join(map(str, schema['examples']))
            yield _wrong(f'must be as {told}', where)
        case 'enum':
            words = ', '.join(str(each) for each in wanted)
            yield _wrong(f'must be one of {words}', where)
        case _:
            yield _wrong(_shortened(error.message), where)


def _shortened(text: str) -> str:
    """What was sent stands at its start, and what is wrong at its end."""
    if len(text) <= _LONGEST_DETAIL:
        return text
    half = _LONGEST_DETAIL // 2
    return f'{text[:half]}...{text[-half:]}'


def _under(where: str, part: str | int) -> str:
    """A path such as lines[0].amount."""
    if isinstance(part, int):
        return f'{where}[{part}]'
    name = part[:_LONGEST_NAME]
    return f'{where}.{name}' if where else name


def _odd(
    value: Any, where: str = '', depth: int = 0
) -> Iterator[tuple[str, str]]:
    """What no shape allows, and where."""
    if depth > _DEEPEST:
        yield 'is too deep', where
    elif isinstance(value, str):
        if _NO_TEXT.search(value):
            yield 'has control characters', where
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _odd(each, _under(where, place), depth + 1)
    elif isinstance(value, dict):
        for name, each in value.items():
            if _NO_TEXT.search(name):
                yield 'has a name with control characters', where
            yield from _odd(each, _under(where, name), depth + 1)
