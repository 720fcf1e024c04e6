# SPDX-License-Identifier: Apache-2.0
"""The way of every request: who, may he, what, one unit of work, answer.

A write is done at most once per idempotency key, and a dry run is the same
write, taken back at its end. So no handler has to know of either.
"""

from collections.abc import Mapping
from typing import Any
import uuid

from oslo_db import exception as db_errors
from oslo_policy import policy
import sqlalchemy as sa

from patrii_billing.api import caller as callers
from patrii_billing.api import keys
from patrii_billing.api import problems
from patrii_billing.api import reading
from patrii_billing.api import route as routes
from patrii_billing.api import shapes
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import timeline
from patrii_billing.store.views import history

# The account of nobody: no row has it.
_NONE = '-'


class _Rehearsed(Exception):  # noqa: N818 - an end of the unit, no error
    """A dry run has come to its end, and nothing of it is kept."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__()
        self.told = told


def perform(
    door: routes.Door,
    route: routes.Route,
    environ: Mapping[str, Any],
    *,
    headers: Mapping[str, str],
    url: str,
    path: Mapping[str, str],
    query: str,
    raw: bytes,
) -> routes.Answer:
    """Answer a request; its query as WSGI has it.

    Raises what problems.of can tell.
    """
    caller = callers.of(environ)
    scope = _scope(door, route, caller)
    call = routes.Call(
        door=door,
        caller=caller,
        scope=scope,
        request_id=request_id(environ),
        path=reading.path(path),
        query=reading.query(route, query),
        body=reading.body(route, raw, headers.get('Content-Type', '')),
        raw=raw,
        headers=headers,
        url=url,
        now=door.tools.now(),
    )
    if route.writes:
        found = _write(route, call)
    else:
        call = _prepared(route, call)
        found = door.tools.db.read(_read, route, call)
    if isinstance(found, routes.Answer):
        return found
    if route.present is not None:
        return route.present(call, found)
    return routes.Answer(found)


def request_id(environ: Mapping[str, Any]) -> str:
    """That of oslo.middleware's filter; one of our own without it."""
    found = environ.get('openstack.request_id')
    return str(found) if found else f'req-{uuid.uuid4()}'


def _scope(
    door: routes.Door, route: routes.Route, caller: callers.Caller
) -> callers.Scope:
    """How far a caller may go. Raises Refused (401, 403)."""
    if route.rule is None:
        return callers.EVERYTHING
    if caller is callers.NOBODY:
        raise problems.Refused(
            problems.Problem(401, 'unauthorized', 'a valid token is needed')
        )
    # What is no account's is nobody's own.
    if _may(door, route.rule, caller, '', _NONE):
        return callers.EVERYTHING
    account_id = door.tools.db.read(_account_of, caller.project_id)
    own = _NONE if account_id is None else str(account_id)
    if _may(door, route.rule, caller, own, own):
        return callers.Scope(False, account_id)
    raise problems.Refused(
        problems.Problem(
            403, 'forbidden', f'the rule {route.rule} does not allow it'
        )
    )


def _may(
    door: routes.Door,
    rule: str,
    caller: callers.Caller,
    own: str,
    target: str,
) -> bool:
    try:
        return door.authorize(
            rule, {'account_id': target}, caller.credentials(own)
        )
    except policy.InvalidScope:
        return False


def _account_of(conn: sa.Connection, project_id: str) -> int | None:
    project = accounts.project(conn, project_id) if project_id else None
    return None if project is None else int(project.account_id)


def _read(
    conn: sa.Connection, route: routes.Route, call: routes.Call
) -> Any:
    return route.handler(call, conn)


def _prepared(route: routes.Route, call: routes.Call) -> routes.Call:
    if route.prepare is None:
        return call
    return call.with_prepared(route.prepare(call))


def _write(route: routes.Route, call: routes.Call) -> Any:
    if not keys.is_kept(route, call):
        return _do(route, call)
    read = call.tools.db.read
    # What was done may be why it can no more be prepared, or done again.
    done = read(keys.find, route, call)
    if done is None:
        try:
            return _do(route, call)
        except errors.BillingError:
            # Sent twice at once, it may have been done by the other.
            done = read(keys.find, route, call)
            if done is None:
                raise
    return done.found


def _do(route: routes.Route, call: routes.Call) -> Any:
    call = _prepared(route, call)
    try:
        return call.tools.db.write(_unit, route, call)
    except _Rehearsed as end:
        return routes.Answer(end.told, status=200)
    except db_errors.DBDuplicateEntry:
        raise errors.StaleWrite(
            'the same is being written at this moment; try again'
        ) from None


def _unit(
    conn: sa.Connection, route: routes.Route, call: routes.Call
) -> Any:
    timeline.of_request(conn, call.request_id)
    if call.dry_run:
        last = history.last_id(conn)
        found = route.handler(call, conn)
        raise _Rehearsed(_rehearsed(conn, call, found, last))
    found = route.handler(call, conn)
    if keys.is_kept(route, call):
        keys.keep(conn, route, call, found)
    return found


def _rehearsed(
    conn: sa.Connection, call: routes.Call, found: Any, last: int
) -> Mapping[str, Any]:
    told = history.of_request(conn, call.request_id, last)
    answer = found.body if isinstance(found, routes.Answer) else found
    return {
        'dry_run': True,
        'would': [
            {
                'at': shapes.instant(row.at),
                'what': row.what,
                'name': row.name,
                'why': row.why,
                'subscription_id': row.subscription_id,
                'server_id': row.server,
                'detail': row.detail,
            }
            for row in told
        ],
        'answer': answer,
    }
