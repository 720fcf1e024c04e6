# SPDX-License-Identifier: Apache-2.0
"""Options that take NAME=VALUE, as a policy, a price or a tax is written."""

import argparse
from collections.abc import Iterable
from collections.abc import Mapping
import json
from typing import Any


class _Together(argparse.Action):
    """An option that may be repeated: what was read, as one object."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        before = getattr(namespace, self.dest) or {}
        setattr(namespace, self.dest, before | values)


def add_policy(parser: argparse.ArgumentParser) -> None:
    """The option that sets terms of a policy."""
    parser.add_argument(
        '--policy', action=_Together, type=_term, metavar='<term>=<value>',
        help='A term of the ladder for it, as shelve_grace=72h, '
        'reminders=-3d,-1d or tolerance=100; what is more than that as JSON '
        '(may be repeated)',
    )  # fmt: skip


def add_unset_policy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--policy', action='append', metavar='<term>',
        help='A term that is to be what it is by default (may be repeated)',
    )  # fmt: skip


def unset_policy(terms: Iterable[str]) -> Mapping[str, None]:
    return dict.fromkeys(terms)


def entry(text: str) -> dict[str, Any]:
    """NAME=VALUE,NAME=VALUE or an object of JSON."""
    if text.startswith('{'):
        return _object(text)
    return dict(_pair(part) for part in text.split(','))


def flagged(said: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same, true and false of some fields being meant."""
    flags = {'true': True, 'false': False}
    return said | {
        name: flags.get(said[name], said[name])
        for name in names
        if name in said
    }


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition('=')
    if not (name and sign):
        raise argparse.ArgumentTypeError(f'{text!r} is not NAME=VALUE')
    return name.strip(), value.strip()


def _object(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f'no JSON: {error}') from None
    if not isinstance(read, dict):
        raise argparse.ArgumentTypeError('must be an object of JSON')
    return read


def _term(text: str) -> dict[str, Any]:
    name, value = _pair(text)
    return {name: _meant(name, value)}


def _meant(name: str, value: str) -> Any:
    """A text, but for what is a number, a flag or more of JSON."""
    if name == 'reminders' and not value.startswith('['):
        return [part for part in value.split(',') if part]
    try:
        read = json.loads(value)
    except ValueError:
        return value
    return value if isinstance(read, float) else read
