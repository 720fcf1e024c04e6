# SPDX-License-Identifier: Apache-2.0
"""Every page of the window, asked for over the books of a large cloud."""

from collections.abc import Iterator
import contextlib
from typing import Any

import sqlalchemy as sa
from werkzeug import test as http

from patrii_billing.engine import summary
from patrii_billing import frontage
from patrii_billing.store import database
from tests import city
from tests import crowd

# A page that shows nothing but its frame.
EMPTY = '/nowhere'
_NOT_FOUND = 404
# A customer who is behind, and what he has.
_PAGES = (
    '/',
    '/customers/',
    '/customers/?search=c',
    '/customers/?search=web-{some}',
    '/customers/?search=INV-{some}',
    '/customers/?sort=owed:desc',
    '/customers/?sort=oldest_due_at',
    '/customers/?overdue_days=8&sort=overdue:desc',
    '/customers/?billing_status=shelved',
    '/customers/?plan_id=1&sort=created_at:desc',
    '/customers/{some}',
    '/invoices/',
    '/invoices/?overdue=true',
    '/invoices/?state=open',
    '/invoices/INV-{some:06d}',
    '/actions/',
    '/notices/',
    '/notices/1',
    '/notices/samples',
    '/plans/',
    '/simulation/',
    '/simulation/?kind=shelve',
    '/do/pay/{some}',
)


def pages(some: int) -> Iterator[str]:
    """Their paths; `some` is a customer who is behind."""
    for page in _PAGES:
        yield page.format(some=some)


class Window:
    """The pages and the API below them, as who may do all looks at them.

    Nothing is kept but the sums of months that are over and of the invoices
    to come, which the first look at the overview reads.
    """

    def __init__(self, books: database.Database) -> None:
        self.engine = books.engine
        self._client = http.Client(
            frontage.demo(
                crowd.tools(books, city.NOW),
                'A large cloud',
                summary.Summaries(past_age=summary.PAST_AGE),
            )
        )

    def open(self, page: str) -> http.TestResponse:
        answer = self._client.get(f'/ui{page}')
        right = _NOT_FOUND if page == EMPTY else 200
        assert answer.status_code == right, (page, answer.status, answer.text)
        return answer

    @contextlib.contextmanager
    def counted(self) -> Iterator[list[str]]:
        """The statements that the database is asked meanwhile."""
        said: list[str] = []

        def count(_conn: Any, _cursor: Any, text: str, *_rest: Any) -> None:
            said.append(text)

        sa.event.listen(self.engine, 'before_cursor_execute', count)
        try:
            yield said
        finally:
            sa.event.remove(self.engine, 'before_cursor_execute', count)
