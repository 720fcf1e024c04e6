# SPDX-License-Identifier: Apache-2.0
"""One customer: where he stands, what he has, owes and was told."""

from collections.abc import Mapping
import http
from typing import Any

import flask

from patrii_billing import errors
from patrii_billing.web import deeds
from patrii_billing.web import ladder
from patrii_billing.web import visit

page = flask.Blueprint('customer', __name__, url_prefix='/customers')
# Of each list; the rest is on the pages of its own.
_FEW = 20
_AHEAD = 60


@page.get('/<int:account_id>')
def show(account_id: int) -> Any:
    """All of it on one page."""
    here = visit.current()
    get = here.service.get
    account = get(f'/v1/accounts/{account_id}')

    def seen(path: str, name: str, **query: Any) -> list[Any]:
        """A list; empty where he may not see any."""
        try:
            found = get(path, **query)
        except errors.NotServed as error:
            if error.status != http.HTTPStatus.FORBIDDEN:
                raise
            return []
        return list(found[name])

    def see(name: str, **query: Any) -> list[Any]:
        return seen(f'/v1/{name}', name, account_id=account_id, **query)

    def holds(one: Mapping[str, Any]) -> list[Any]:
        return seen(f'/v1/subscriptions/{one["id"]}/holds', 'holds')

    subscriptions = see('subscriptions', limit=_FEW)
    open_ones = see('invoices', limit=_FEW, state='open')
    foreseen = see('forecast', days=_AHEAD)
    reminders = see('notices', limit=_FEW, template='reminder')
    statuses = see('timeline', limit=_FEW, what='status')
    return flask.render_template(
        'customer.html',
        account=account,
        contracts=[
            (
                one,
                ladder.rungs(
                    one,
                    _of(one, open_ones),
                    _of(one, statuses),
                    _of(one, foreseen),
                    _of(one, reminders),
                ),
                holds(one) if one['held'] else [],
            )
            for one in subscriptions
        ],
        servers=see('servers', limit=_FEW),
        invoices=see('invoices', limit=_FEW),
        payments=see('payments', limit=_FEW),
        notices=see('notices', limit=_FEW),
        timeline=see('timeline', limit=_FEW),
        held=deeds.held,
    )


def _of(subscription: Any, items: Any) -> list[Any]:
    """Those of a contract."""
    wanted = subscription['id']
    return [one for one in items if one['subscription_id'] == wanted]
