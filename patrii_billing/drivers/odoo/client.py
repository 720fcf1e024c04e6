# SPDX-License-Identifier: Apache-2.0
"""Odoo's JSON-2 API: one POST per call, each a transaction of its own there.

See Odoo's developer reference, External JSON-2 API (19.0 and later). The
models and fields are none of this module's business.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
import json
import time
from typing import Any
from urllib import parse

import requests

from patrii_billing.drivers.odoo import answers
from patrii_billing import errors

Record = Mapping[str, Any]
Domain = Sequence[Any]

_ATTEMPTS = 4
# Words and instants as Odoo keeps them.
_CONTEXT = {'lang': 'en_US', 'tz': 'UTC'}
# Archived customers owe as others do. Not where something is made: Odoo would
# take archived journals and taxes for it.
_ALL = {**_CONTEXT, 'active_test': False}


@dataclass(frozen=True, slots=True)
class Server:
    """Where Odoo is; `timeout` (seconds) is for each step of an answer.

    `patience` (seconds) is the longest that one call waits before it is
    tried again, whatever Odoo asks for. `page` records are read at once.
    """

    url: str
    key: str = field(repr=False)
    database: str = ''
    timeout: float = 60
    patience: float = 30
    cafile: str = ''
    page: int = 200

    def __post_init__(self) -> None:
        """Raises InvalidInput for what is no such URL."""
        parts = parse.urlsplit(self.url)
        if parts.scheme not in ('http', 'https') or not parts.hostname:
            raise errors.InvalidInput(
                'is not a URL such as https://odoo.example.com', '[odoo] url'
            )
        if parts.username or parts.password:
            raise errors.InvalidInput(
                'must hold no password: logs would show it', '[odoo] url'
            )

    @property
    def is_protected(self) -> bool:
        return parse.urlsplit(self.url).scheme == 'https'


class Client:
    """Calls methods of one database's models, over a connection kept.

    All raise EngineUnavailable where the outcome is unknown, after tries
    where a try does no harm, and EngineRefused where Odoo said no.
    """

    def __init__(
        self, server: Server, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._server = server
        self._sleep = sleep
        self._session = requests.Session()
        # No password that this machine keeps for a host goes to Odoo.
        self._session.auth = _no_login

    def version(self) -> str:
        """The release that answers, such as 19.0; asked without a key."""
        answer = self._patiently(
            lambda: self._session.get(
                self._url('web/version'), **self._options()
            ),
            again=True,
        )
        return (
            str(answer.get('version', '?')) if answers.is_map(answer) else '?'
        )

    def every(
        self, model: str, domain: Domain, fields: Sequence[str]
    ) -> Iterator[Sequence[Record]]:
        """Pages of all records in a domain, ordered by id.

        By id and not by offset: a record that changes meanwhile does not
        move, and so none is passed over.
        """
        last = 0
        while True:
            found = self.find(
                model, [('id', '>', last), *domain], fields, self._server.page
            )
            if found:
                yield found
            if len(found) < self._server.page:
                return
            last = found[-1]['id']

    def find(
        self,
        model: str,
        domain: Domain,
        fields: Sequence[str],
        limit: int | None = None,
    ) -> Sequence[Record]:
        """The records in a domain, the oldest first."""
        found = self._call(
            model,
            'search_read',
            again=True,
            context=_ALL,
            domain=list(domain),
            fields=list(fields),
            order='id',
            limit=limit,
        )
        if not isinstance(found, list):
            raise errors.EngineUnavailable(
                f'Odoo answered a search of {model} with no list'
            )
        return found

    def fields(self, model: str, names: Sequence[str]) -> Mapping[str, Record]:
        """What those of the fields are that the model has, by name."""
        found = self._call(
            model,
            'fields_get',
            again=True,
            allfields=list(names),
            attributes=['type', 'selection'],
        )
        return found if answers.is_map(found) else {}

    def create(self, model: str, values: Mapping[str, Any]) -> int:
        """Make one record; its id. Not tried again once Odoo may have it."""
        made = self._call(model, 'create', again=False, vals_list=[values])
        return answers.first(made, model)

    def write(
        self, model: str, number: int, values: Mapping[str, Any]
    ) -> None:
        """Set fields of a record; the same again changes nothing."""
        self._call(model, 'write', again=True, ids=[number], vals=values)

    def press(self, model: str, number: int, button: str) -> None:
        """Call a method of one record, as a button does; sent once."""
        self._call(model, button, again=False, ids=[number])

    def post(self, model: str, number: int, text: str, message_id: str) -> int:
        """Leave an internal note in a record's chatter; the message's id."""
        made = self._call(
            model,
            'message_post',
            again=False,
            ids=[number],
            body=text,
            message_type='comment',
            subtype_xmlid='mail.mt_note',
            message_id=message_id,
        )
        return answers.first(made, 'mail.message')

    def _call(
        self, model: str, method: str, *, again: bool, **arguments: Any
    ) -> Any:
        """`again` says that it does no harm where it was done before."""
        body = json.dumps(
            {'context': _CONTEXT, **arguments}, default=_number
        ).encode()
        return self._patiently(
            lambda: self._session.post(
                self._url(f'json/2/{model}/{method}'),
                data=body,
                **self._options(),
            ),
            again=again,
        )

    def _url(self, path: str) -> str:
        return f'{self._server.url.rstrip("/")}/{path}'

    def _options(self) -> dict[str, Any]:
        server = self._server
        headers = {
            'authorization': f'bearer {server.key}',
            'content-type': 'application/json; charset=utf-8',
            'user-agent': 'patrii-billing',
        }
        if server.database:
            headers['x-odoo-database'] = server.database
        return {
            'headers': headers,
            'timeout': server.timeout,
            'verify': server.cafile or True,
            'allow_redirects': False,
        }

    def _patiently(
        self, send: Callable[[], requests.Response], *, again: bool
    ) -> Any:
        """Send until it is answered for good.

        What may have been done is sent once more only where `again` says
        that this does no harm.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            pause = float(2 ** (attempt - 1))
            try:
                response = send()
            except (requests.RequestException, OSError) as error:
                why, harmless = answers.reason(error), again
            else:
                judged = answers.judge(response)
                if judged is None:
                    return answers.read(response)
                why = judged
                harmless = again or answers.is_undone(response)
                pause = answers.asked(response) or pause
            if not harmless:
                raise errors.EngineUnavailable(
                    f'{why}; before it is tried again it is looked up '
                    f'whether it was done'
                )
            if attempt < _ATTEMPTS:
                self._sleep(min(pause, self._server.patience))
        raise errors.EngineUnavailable(f'Odoo is away: {why}')


def either(*conditions: Any) -> Domain:
    """The domain of what meets one condition or more of them."""
    return ['|'] * (len(conditions) - 1) + list(conditions)


def _number(value: object) -> float:
    """A decimal as the number of JSON, which is written in digits again."""
    if isinstance(value, Decimal) and Decimal(repr(float(value))) == value:
        return float(value)
    raise TypeError(f'{value!r} is no exact number of JSON')


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
