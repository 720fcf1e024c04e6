# SPDX-License-Identifier: Apache-2.0
"""What was done under an idempotency key, and what it was answered.

A key is of the user who sent it. What was refused leaves it free, as does a
dry run.
"""

from dataclasses import dataclass
import hashlib
import json
from typing import Any

import sqlalchemy as sa

from patrii_billing.api import problems
from patrii_billing.api import route as routes
from patrii_billing import errors
from patrii_billing.store import requests

_HEADER = 'Idempotency-Key'
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Done:
    """What the handler of a request has come to."""

    found: Any


def is_kept(route: routes.Route, call: routes.Call) -> bool:
    """Whether it is done once. Raises InvalidInput for no key at all."""
    if call.key is None or route.rule is None:
        return False
    if not 0 < len(call.key) <= _LONGEST or not call.key.isprintable():
        raise errors.InvalidInput(
            f'must be 1 to {_LONGEST} characters', _HEADER
        )
    return not call.dry_run


def find(
    conn: sa.Connection, route: routes.Route, call: routes.Call
) -> Done | None:
    """What the same request has come to. Raises Refused for another (409)."""
    assert call.key is not None  # noqa: S101 - it is kept
    before = requests.find(conn, call.caller.user_id, call.key)
    if before is None:
        return None
    if before.body_hash != _hash(route, call):
        raise problems.Refused(
            problems.Problem(
                409, 'key_reused',
                f'the key {call.key!r} was used for another request', _HEADER,
            )
        )  # fmt: skip
    kept = before.answer
    if not kept['whole'] and route.present is not None:
        return Done(kept['body'])
    return Done(routes.Answer(kept['body'], before.status, kept['headers']))


def keep(
    conn: sa.Connection, route: routes.Route, call: routes.Call, found: Any
) -> None:
    """Raises DBDuplicateEntry where the other of two at once was first."""
    whole = isinstance(found, routes.Answer)
    kept = found if whole else routes.Answer(found)
    requests.add(
        conn, caller=call.caller.user_id, key=call.key,
        body_hash=_hash(route, call), status=kept.status or route.status,
        answer={
            'body': kept.body, 'headers': dict(kept.headers), 'whole': whole
        },
        expires_at=call.now + call.door.keep_keys,
    )  # fmt: skip


def _hash(route: routes.Route, call: routes.Call) -> str:
    """What must be the same wherever the key is, the account included."""
    query = {k: v for k, v in call.query.items() if k != 'dry_run'}
    asked = [
        call.caller.project_id, route.method, route.path, call.path, query,
        call.body,
    ]  # fmt: skip
    text = json.dumps(asked, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
