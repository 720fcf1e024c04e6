# SPDX-License-Identifier: Apache-2.0
"""A Tryton of the test's own, and the clerk who works with it.

$PATRII_TEST_TRYTON is the folder of the company that each of them is a copy
of; see tools/tryton.py.
"""

import base64
from collections.abc import Callable
import datetime as dt
from decimal import Decimal
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
from typing import Any

import requests

from patrii_billing.drivers.tryton import wire
from tests.functional import base

DATABASE = 'company'
# It is being made while other services start.
_MAKING = 300
_STARTING = 60


class Tryton:
    """A server with its books, that can be stopped and started again."""

    def __init__(self, later: Callable[..., Any]) -> None:
        """:param later: calls what it is given at the end"""
        made = pathlib.Path(os.environ['PATRII_TEST_TRYTON'])
        code = base.wait_until(
            lambda: _text(made / 'made'), f'{made} to be made', _MAKING
        )
        if code != '0':
            raise AssertionError(f'no Tryton was made: see {made}/log')
        self.facts = json.loads(_text(made / 'company.json'))
        self._python = made / 'venv/bin/python'
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix='tryton-'))
        later(shutil.rmtree, self._folder)
        shutil.copy(made / f'{DATABASE}.sqlite', self._folder)
        self._port = _free_port()
        self.url = f'http://127.0.0.1:{self._port}'
        self._process: subprocess.Popen[bytes] | None = None
        later(self.stop)

    def start(self) -> None:
        configuration = self._folder / 'trytond.conf'
        configuration.write_text(
            f'[database]\nuri = sqlite:///\npath = {self._folder}\n'
            f'[web]\nlisten = 127.0.0.1:{self._port}\n'
        )
        with (self._folder / 'log').open('ab') as log:
            self._process = subprocess.Popen(
                [
                    self._python, '-m', 'trytond.cli',
                    '--config', configuration, '--database', DATABASE,
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        base.wait_until(self._answers, 'Tryton to answer', _STARTING)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def log(self) -> str:
        return _text(self._folder / 'log')

    def options(self) -> dict[str, str]:
        """[tryton] as an operator would fill it in."""
        return {
            'url': self.url,
            'database': DATABASE,
            'key': self.facts['key'],
            'allow_http': 'true',
        }

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', self._port)) == 0


class Clerk:
    """Works in Tryton's own client, which speaks JSON-RPC.

    He has read every warning, and goes on.
    """

    def __init__(self, tryton: Tryton) -> None:
        self.facts = tryton.facts
        self._address = f'{tryton.url}/{DATABASE}/rpc/'
        self._session = requests.Session()
        user, token, _ = self._call(
            'common.db.login', 'clerk', {'password': self.facts['password']}
        )
        login = base64.b64encode(f'clerk:{user}:{token}'.encode()).decode()
        self._session.headers['authorization'] = f'Session {login}'
        self._context = self._call('model.res.user.get_preferences', True, {})

    def find(self, model: str, *domain: Any, fields: Any = ()) -> list[Any]:
        return list(
            self._call(
                f'model.{model}.search_read', list(domain), 0, None,
                [('id', 'ASC')], list(fields), self._context,
            )
        )  # fmt: skip

    def one(self, model: str, record: int, *fields: str) -> Any:
        [found] = self.find(model, ['id', '=', record], fields=fields)
        return found

    def create(self, model: str, **values: Any) -> int:
        [made] = self._call(f'model.{model}.create', [values], self._context)
        return int(made)

    def write(self, model: str, record: int, **values: Any) -> None:
        self._call(f'model.{model}.write', [record], values, self._context)

    def press(self, model: str, record: int, button: str) -> None:
        self._call(f'model.{model}.{button}', [record], self._context)

    def enter_party(self, name: str, **values: Any) -> int:
        mechanism = {'type': 'email', 'value': f'{name}@example.test'}
        return self.create(
            'party.party',
            name=name,
            contact_mechanisms=[('create', [mechanism])],
            addresses=[('create', [{'street': '1 Main Street'}])],
            **values,
        )

    def subscribe(
        self, party: int, project: str, start: dt.date, quantity: int = 1
    ) -> int:
        """A subscription that runs; one server is 10.00 a month, net."""
        [party_row] = self.find(
            'party.party', ['id', '=', party], fields=['addresses']
        )
        line = {
            'service': self.facts['service'],
            'quantity': quantity,
            'unit': self.facts['unit'],
            'unit_price': Decimal(10),
            'start_date': start,
            'consumption_recurrence': self.facts['monthly'],
        }
        made = self.create(
            'sale.subscription',
            company=self.facts['company'],
            party=party,
            invoice_address=party_row['addresses'][0],
            payment_term=self.facts['term'],
            currency=self.facts['currency'],
            start_date=start,
            invoice_recurrence=self.facts['monthly'],
            reference=project,
            lines=[('create', [line])],
        )
        self.press('sale.subscription', made, 'quote')
        self.press('sale.subscription', made, 'run')
        return made

    def draw_up(self, until: dt.date) -> None:
        """Have all subscriptions consumed and invoiced up to a day."""
        for wizard in ('line.consumption.create', 'create_invoice'):
            self._walk(
                f'sale.subscription.{wizard}', ('create_', {'date': until})
            )

    def invoices(self, party: int, state: str) -> list[int]:
        found = self.find(
            'account.invoice', ['party', '=', party], ['state', '=', state]
        )
        return [one['id'] for one in found]

    def post(self, invoice: int) -> None:
        self.press('account.invoice', invoice, 'post')

    def pay(self, invoice: int, amount: str, partly: bool = False) -> None:
        """Book money at the bank for it."""
        how = {'payment_method': self.facts['bank']}
        steps = [('choice', {'amount': Decimal(amount), **how})]
        if partly:
            steps.append(('pay', {'type': 'partial'}))
        self._walk('account.invoice.pay', *steps, of=invoice)

    def receive(self, party: int, amount: str) -> None:
        """Book money of somebody that is for nothing in particular."""
        received = Decimal(amount)
        bank = {'account': self.facts['cash'], 'debit': received}
        owed = {
            'account': self.facts['receivable'],
            'party': party,
            'credit': received,
        }
        move = self.create(
            'account.move',
            company=self.facts['company'],
            journal=self.facts['journal'],
            date=dt.datetime.now(dt.UTC).date(),
            lines=[('create', [bank, owed])],
        )
        self.press('account.move', move, 'post')

    def take_back(self, money: str) -> None:
        """Cancel the entry of money that came, as where a bank did."""
        line = int(money.partition(',')[2])
        move = self.one('account.move.line', line, 'move')['move']
        self._walk('account.move.cancel', ('cancel', {}), of=move)

    def state(self, invoice: int) -> str:
        return str(self.one('account.invoice', invoice, 'state')['state'])

    def credit(self, invoice: int, refund: bool) -> None:
        """Negate it: as a draft, or at once and set off against it."""
        self._walk(
            'account.invoice.credit',
            ('credit', {'with_refund': refund}),
            of=invoice,
        )

    def _walk(
        self, name: str, *steps: tuple[str, dict[str, Any]], of: int = 0
    ) -> None:
        """Through the windows of a wizard, each with its defaults."""
        wizard = f'wizard.{name}'
        session, state, _ = self._call(f'{wizard}.create', self._context)
        context = dict(self._context)
        if of:
            model = name.rpartition('.')[0]
            context |= {'active_model': model, 'active_id': of}
            context['active_ids'] = [of]
        said: dict[str, Any] = {}
        for button, values in [*steps, ('', {})]:
            shown = self._call(
                f'{wizard}.execute', session, said, state, context
            )
            if 'view' not in shown:
                return
            window = shown['view']
            defaults = {
                name: value
                for name, value in window['defaults'].items()
                if not name.endswith('.')
            }
            said[window['state']] = {**defaults, **values}
            state = button
        raise AssertionError(f'{name} asks for more: {said}')

    def _call(self, method: str, *params: Any) -> Any:
        asked = {'id': 0, 'method': method, 'params': params}
        response = self._session.post(
            self._address,
            data=wire.dumps(asked),
            headers={'content-type': 'application/json'},
            timeout=60,
        )
        response.raise_for_status()
        answer = wire.loads(response.text)
        match answer.get('error'):
            case ['UserWarning', [name, *_]]:
                skip = 'model.res.user.warning.skip'
                self._call(skip, name, False, self._context)
                return self._call(method, *params)
            case [*said]:
                raise AssertionError(f'{method}: {str(said)[:400]}')
        return answer['result']


def _text(file: pathlib.Path) -> str:
    try:
        return file.read_text(errors='replace')
    except FileNotFoundError:
        return ''


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])
