# SPDX-License-Identifier: Apache-2.0
"""What an answer of Odoo's JSON-2 API means, and what an operator can do."""

from collections.abc import Mapping
from decimal import Decimal
import json
from typing import Any

import requests

from patrii_billing import errors

NOT_FOUND = 404
# What these say is about the server or its proxy, and passes.
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
# Of these it is certain that nothing was done: it was held back.
_UNDONE = frozenset({409, 425, 429, 503})
# These are about our key or its rights, whatever was asked.
_ALL = frozenset({401, 403})
# A 500 of these is about what we asked for, which stays wrong.
_OURS = ('builtins.ValueError', 'builtins.KeyError', 'builtins.TypeError')
# Of a model or a method; a record that is gone is an odoo.exceptions one.
_NO_SUCH = 'werkzeug.exceptions.NotFound'
_KEPT = 300


def judge(response: requests.Response) -> str | None:
    """What of an answer passes; None: it is one.

    Raises EngineRefused where Odoo said no to what was asked, and
    EngineUnavailable where it would to anything, until somebody sees to it.
    """
    code = response.status_code
    if code == 200:
        return None
    said = _said(response)
    if code in _PASSING and said.get('name') not in _OURS:
        return f'{code} {said["message"]}'.rstrip()
    advice = _advice(code, said, response)
    if code < 400 or code in _ALL or (code == NOT_FOUND and not said['name']):
        raise errors.EngineUnavailable(f'{code}: {advice}')
    raise errors.EngineRefused(advice, code)


def is_undone(response: requests.Response) -> bool:
    """Whether an error says that nothing was done: Odoo's own roll back."""
    return response.status_code in _UNDONE or bool(_said(response)['name'])


def _said(response: requests.Response) -> Mapping[str, str]:
    """The name and the message of an error; a proxy's page has no name."""
    try:
        body = response.json()
    except ValueError:
        return {'name': '', 'message': ''}
    if not is_map(body):
        return {'name': '', 'message': _words(str(body))}
    return {
        'name': str(body.get('name', '')),
        'message': _words(str(body.get('message', ''))),
    }


def _advice(
    code: int, said: Mapping[str, str], response: requests.Response
) -> str:
    """What Odoo said, and what an operator can do about it."""
    message = said['message']
    if 300 <= code < 400:
        target = response.headers.get('location', '')
        return f'Odoo is at {target}: correct [odoo] url'
    if code == 401:
        return (
            f'{message or "not logged in"}: set [odoo] api_key to a key that '
            f'is valid; keys of Odoo end after three months at the latest'
        )
    if code == 403:
        return f"the API key's user may not do this in Odoo: {message}"
    if code == NOT_FOUND and not said['name']:
        return (
            'no JSON-2 API answers: it takes Odoo 19 or later, [odoo] url '
            'without a path, and in [odoo] database the name of one that is '
            'there'
        )
    if said['name'] in (*_OURS, _NO_SUCH):
        return f'{message}: [odoo] field_map names what this Odoo lacks'
    return message or 'refused without a reason'


def read(response: requests.Response) -> Any:
    try:
        # Amounts come as JSON numbers: read as written, never as floats.
        return json.loads(response.content, parse_float=Decimal)
    except ValueError:
        raise errors.EngineUnavailable(
            'what answers at [odoo] url is no JSON'
        ) from None


def first(made: Any, model: str) -> int:
    if isinstance(made, list) and len(made) == 1 and isinstance(made[0], int):
        return made[0]
    raise errors.EngineUnavailable(f'Odoo did not say which {model} it made')


def asked(response: requests.Response) -> float:
    """Seconds that are to pass first; 0 where nothing is said of it."""
    text = response.headers.get('retry-after', '')
    return float(text) if text.isdecimal() else 0


def reason(error: Exception) -> str:
    cause = error.args[0] if error.args else error
    return _words(str(getattr(cause, 'reason', cause)))


def _words(text: str) -> str:
    return ' '.join(text.replace('\0', '').split())[:_KEPT]


def is_map(value: Any) -> bool:
    return isinstance(value, dict)
