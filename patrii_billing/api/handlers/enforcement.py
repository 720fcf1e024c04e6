# SPDX-License-Identifier: Apache-2.0
"""The switches over all enforcement, and how it stands."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.api import route as routes
from patrii_billing.api.schemas import enforcement as schemas
from patrii_billing.api import shapes
from patrii_billing.engine import enforcement as engine
from patrii_billing.engine import switches


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    found = engine.look(conn, call.tools.settings, call.now)
    return {
        'dry_run': found.dry_run,
        'stopped': found.stopped,
        'safe_mode': found.safe_mode,
        'approval': list(found.approval),
        'caps': [
            {
                'type': cap.kind,
                'name': cap.name,
                'used': cap.used,
                'limit': cap.limit,
            }
            for cap in found.caps
        ],
        'counted_from': shapes.instant(found.counted_from),
        'ticked_at': shapes.instant(found.ticked_at),
        'heard_at': shapes.instant(found.heard_at),
        'swept_at': shapes.instant(found.swept_at),
        'unread_since': shapes.instant(found.unread_since),
        'bounces_read_at': shapes.instant(found.bounces_read_at),
        'actions': [
            {
                'type': kind,
                'pending': count,
                'unapproved': found.unapproved.get(kind),
            }
            for kind, count in found.pending.items()
        ],
    }


def stop(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    switches.stop(conn, call.body['reason'], call.by, call.now)
    return show(call, conn)


def resume(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    ended = switches.resume(conn, call.by, call.now)
    return {**show(call, conn), 'ended': list(ended)}


_PATH = '/v1/enforcement'
ROUTES = (
    routes.Route(
        method='GET', path=_PATH, rule='billing:enforcement:show',
        handler=show, summary='Show enforcement',
        description='Whether servers may be shelved and deleted now, the '
        'caps, the signs of life, and what waits to be done.',
        answer=schemas.ENFORCEMENT,
    ),
    routes.Route(
        method='POST', path=f'{_PATH}/stop', rule='billing:enforcement:stop',
        handler=stop, summary='Stop enforcement',
        description='Shelve and delete nothing until somebody resumes; '
        'restores go on. If it is stopped already, it stays so for the '
        'reason it was.',
        body=schemas.STOP, answer=schemas.ENFORCEMENT,
    ),
    routes.Route(
        method='POST', path=f'{_PATH}/resume',
        rule='billing:enforcement:resume', handler=resume,
        summary='Resume enforcement',
        description='End a stop and safe mode; the caps count from now.',
        body=schemas.RESUME, answer=schemas.RESUMED,
    ),
)  # fmt: skip
