# SPDX-License-Identifier: Apache-2.0
"""What a route is: its way in, its rule, its shapes, and who answers."""

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass
import datetime as dt
import re
from typing import Any

import sqlalchemy as sa

from patrii_billing.api import caller as callers
from patrii_billing.domain import document
from patrii_billing.engine import admitting
from patrii_billing.engine import imports
from patrii_billing.engine import summary
from patrii_billing.engine import tools as toolbox

Schema = Mapping[str, Any]

PLACE = re.compile(r'{(\w+)}')


@dataclass(frozen=True, slots=True)
class Answer:
    """What is not JSON, or has headers or a status of its own."""

    body: Any
    status: int | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What all calls share: the engine's tools, and what is set for the API.

    `authorize` asks policy: (rule, target, credentials). `render` writes an
    invoice down, in a format and a locale. `defaults` are what an account or
    a plan has that is entered without it.
    """

    tools: toolbox.Tools
    authorize: Callable[[str, dict[str, Any], dict[str, Any]], bool]
    render: Callable[[document.Invoice, document.Format, str], bytes]
    defaults: imports.Defaults
    # For how long the answer to a key is kept.
    keep_keys: dt.timedelta = dt.timedelta(days=7)
    max_limit: int = 1000
    max_body_size: int = 1048576
    # Who may tell of payments, and who lets them in.
    sources: Mapping[str, admitting.Source] = dataclasses.field(
        default_factory=dict
    )
    porter: admitting.Porter = dataclasses.field(
        default_factory=admitting.Porter
    )
    summaries: summary.Summaries = dataclasses.field(
        default_factory=summary.Summaries
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, checked by the shapes of its route, and who makes it.

    `raw` is the body as it was sent, `headers` the request's.
    """

    door: Door
    caller: callers.Caller
    scope: callers.Scope
    request_id: str
    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Any
    raw: bytes
    headers: Mapping[str, str]
    url: str
    now: dt.datetime
    prepared: Any = None

    @property
    def tools(self) -> toolbox.Tools:
        return self.door.tools

    @property
    def by(self) -> str:
        return self.caller.by

    @property
    def key(self) -> str | None:
        """The idempotency key of the request, if there is one."""
        return self.headers.get('Idempotency-Key')

    @property
    def dry_run(self) -> bool:
        """Whether what is done is taken back at its end."""
        return bool(self.query.get('dry_run'))

    def own_account(self, wanted: int | None = None) -> int | None:
        """Which account a list is to be of: the wanted one, None for all.

        For a customer it is his own, or, for any other, none that exists.
        """
        if self.scope.everything:
            return wanted
        own = self.scope.account_id or 0
        return own if wanted in (None, own) else 0

    def with_prepared(self, prepared: Any) -> 'Call':
        return dataclasses.replace(self, prepared=prepared)


# Answers from within a unit of work. It may run twice, where the unit lost a
# race, so that nothing but the books may be changed by it.
Handler = Callable[[Call, sa.Connection], Any]


# Equal only to itself, so that what is made of a route can be kept for it.
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Route:
    """A method and a path.

    A route without a rule is open to everybody. `prepare` asks the outside
    before the unit of work, `present` makes the answer after it.
    """

    method: str
    path: str
    handler: Handler
    rule: str | None
    summary: str
    answer: Schema
    description: str = ''
    body: Schema | None = None
    query: Schema = dataclasses.field(default_factory=dict)
    status: int = 200
    prepare: Callable[[Call], Any] | None = None
    present: Callable[[Call, Any], Answer] | None = None
    # What is answered in another form than JSON.
    media_type: str = 'application/json'

    @property
    def writes(self) -> bool:
        return self.method != 'GET'

    @property
    def noun(self) -> str:
        """What it is about, as it stands in codes of errors: invoice."""
        name = self.rule or self.path.replace('/v1/', 'billing:')
        return re.split('[:/]', name)[1] or 'version'

    @property
    def places(self) -> list[str]:
        """The names of what varies in the path."""
        return PLACE.findall(self.path)
