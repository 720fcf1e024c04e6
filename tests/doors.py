# SPDX-License-Identifier: Apache-2.0
"""The API over real books in memory, with a simulated cloud behind it.

Two customers are known to the cloud: acme with two servers, and rival with
one. Whoever calls says so by the token NAME:PROJECT:ROLE,ROLE, which is
believed. The clock goes on by a second a request, and the daemon's work is
done between them.

For gabbi's stories the tokens and ids are in the environment: ADMIN, FINANCE,
SUPPORT, NOROLE (nobody of the house, in a project of its own), ACME (a member
of acme's project), ACME_READER, RIVAL; ACME_PROJECT, RIVAL_PROJECT,
ACME_SERVER, ACME_SERVER_2, RIVAL_SERVER; TODAY, TOMORROW, YESTERDAY; UNIQUE,
which makes names this file's own. With the fixture Customers the accounts
are in the books too: ACME_NAME, RIVAL_NAME, PLAN_NAME, SUB_NAME, RIVAL_SUB,
their ids ACME_ID, RIVAL_ID, PLAN_ID, SUB_ID, RIVAL_SUB_ID, and the first
invoices, open: ACME_INVOICE, RIVAL_INVOICE.
"""

import dataclasses
import datetime as dt
import os
from typing import Any

from gabbi import fixture
from oslo_config import cfg
from werkzeug import test as http

from patrii_billing.api import app
from patrii_billing.api import route
from patrii_billing.document import brand
from patrii_billing.document import printer
from patrii_billing.domain import cloud
from patrii_billing.domain import document
from patrii_billing.domain import policy
from patrii_billing.engine.bridging import reading
from patrii_billing.engine import imports
from patrii_billing.engine import ports
from patrii_billing.engine import reconcile
from patrii_billing.engine import tick
from patrii_billing.policies import rules
from patrii_billing.simulation import scenario
from patrii_billing.simulation import world as worlds
from patrii_billing.store import accounts
from patrii_billing.store import database
from patrii_billing.store import plans
from patrii_billing.store import schema
from patrii_billing.store import subscriptions

START = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
DEFAULTS = imports.Defaults('EUR', 'UTC', 'en', [])
_SECOND = dt.timedelta(seconds=1)
_DAY = dt.timedelta(days=1)

# The same file makes the customers of a real cloud known.
CUSTOMERS = """
plans:
  - name: {plan}
    currency: EUR
    cycle: month
    prices:
      - {{kind: flavor, resource: {flavor}, unit_price: "10.00"}}
      - {{kind: quota, resource: cores, unit_price: "1.00"}}
accounts:
  - name: {acme}
    contacts: [billing@acme.example]
    projects: [{{id: {acme_project}}}]
    subscriptions:
      - {{name: {sub}, plan: {plan}, project: {acme_project},
          start: {today}}}
  - name: {rival}
    contacts: [billing@rival.example]
    projects: [{{id: {rival_project}}}]
    subscriptions:
      - {{name: {rival_sub}, plan: {plan}, project: {rival_project},
          start: {today}}}
"""

TOKENS = {
    'ADMIN': 'ada:office:billing_admin,reader',
    'FINANCE': 'fay:office:billing_finance,reader',
    'SUPPORT': 'sue:office:billing_support,reader',
    'NOROLE': 'nob:elsewhere:member,reader',
    'ACME': 'amy:acme-project:member,reader',
    'ACME_READER': 'art:acme-project:reader',
    'RIVAL': 'rob:rival-project:member,reader',
}


class Client(http.Client):
    """Calls with a token, unless it sends another."""

    def __init__(self, application: Any, token: str) -> None:
        super().__init__(application)
        self._token = token

    def open(self, *args: Any, **kwargs: Any) -> http.TestResponse:
        headers = {'X-Auth-Token': self._token, **kwargs.pop('headers', {})}
        return super().open(*args, headers=headers, **kwargs)


class Door:
    """The application, and the world behind it; `how` are its settings."""

    def __init__(self, **how: Any) -> None:
        scene = scenario.Scenario(
            start=START, until=START + 90 * _DAY, policy=policy.Policy(),
            plans=(), accounts=(), dry_run=False,
        )  # fmt: skip
        self.world = worlds.World(scene, **how)
        self.tools = self.world.tools
        for project, names in (
            ('acme-project', ('acme-web', 'acme-db')),
            ('rival-project', ('rival-web',)),
        ):
            self._settle(project, names)
        conf = cfg.ConfigOpts()
        conf([], project='patrii_billing', default_config_files=[])
        # Nobody's file changes what is tested.
        enforcer = rules.enforcer(conf)
        enforcer.load_rules = lambda force_reload=False: None
        for rule in rules.list_rules():
            enforcer.rules[rule.name] = rule.check
        self.door = route.Door(
            tools=self.tools,
            authorize=enforcer.authorize,
            render=_printer().render,
            defaults=DEFAULTS,
        )
        self._open()

    def _open(self) -> None:
        self._inner = app.build(self.door)
        self.app = app.noauth(self._inner)

    def join(self, name: str, engine: ports.SubscriptionEngine) -> None:
        """Have customers in another engine as well, which is read now."""
        by = ports.Bridge(name, engine)
        tools = dataclasses.replace(self.tools, bridges={name: by})
        reading.run(tools, name)
        self.door = dataclasses.replace(self.door, tools=tools)
        self._open()

    def _settle(self, project: str, names: tuple[str, ...]) -> None:
        self.world.projects.projects[project] = cloud.KeystoneProject(
            project, project
        )
        self.world.quotas.quotas[project] = {'cores': 8, 'ram': 16384}
        for name in names:
            server = scenario.Server(name=name, flavor='s1', state='active')
            self.tools.db.write(
                self.world.boot, server, project, START - _DAY
            )

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.advance(_SECOND)
        return self.app(environ, start_response)

    def service(self, environ: Any, start_response: Any) -> Any:
        """Without filters: who calls is in the environment already."""
        self.advance(_SECOND)
        return self._inner(environ, start_response)

    def advance(self, span: dt.timedelta) -> None:
        """Let time pass; then whatever is due is done."""
        self.world.clock.move_to(self.world.clock.now() + span)
        for _ in range(100):
            if not tick.run(self.tools):
                return

    def client(self, token: str = TOKENS['ADMIN']) -> Client:
        """A caller of the API; the token may be a persona's name."""
        return Client(self, TOKENS.get(token, token))

    def let_in(self) -> None:
        """Bring the two customers into the books; their first invoices."""
        reconcile.run(self.tools, self.tools.now())
        text = CUSTOMERS.format(
            plan='vps', flavor='s1', acme='acme', rival='rival', sub='acme-1',
            rival_sub='rival-1', acme_project='acme-project',
            rival_project='rival-project', today=f'{START:%Y-%m-%d}',
        )  # fmt: skip
        imports.run(self.tools, text, 'customers.yaml', 'test', DEFAULTS)
        self.advance(_SECOND)


def _printer() -> printer.Printer:
    seller = document.Party('Demo Cloud', ('1 Main Street',), 'FR', '')
    return printer.Printer(brand.Brand(seller=seller))


here: Door | None = None


def application() -> Any:
    """For gabbi's intercept: whatever the fixture of the file has built."""
    return _ask


def _ask(environ: Any, start_response: Any) -> Any:
    assert here is not None, 'the file names no fixture'
    return here(environ, start_response)


class Cloud(fixture.GabbiFixture):
    """The cloud is there; the books are empty."""

    def start_fixture(self) -> None:
        global here
        here = Door()
        os.environ |= {
            **TOKENS,
            'ACME_PROJECT': 'acme-project',
            'RIVAL_PROJECT': 'rival-project',
            'ACME_SERVER': worlds.server_id('acme-web'),
            'ACME_SERVER_2': worlds.server_id('acme-db'),
            'RIVAL_SERVER': worlds.server_id('rival-web'),
            'TODAY': f'{START:%Y-%m-%d}',
            'TOMORROW': f'{START + _DAY:%Y-%m-%d}',
            'YESTERDAY': f'{START - _DAY:%Y-%m-%d}',
            'FLAVOR': 's1',
            'UNIQUE': 'one',
        }

    def stop_fixture(self) -> None:
        global here
        if here is not None:
            here.tools.db.engine.dispose()
        here = None


class Customers(Cloud):
    """Acme and rival are in the books, each with an open invoice."""

    def start_fixture(self) -> None:
        super().start_fixture()
        assert here is not None
        here.let_in()
        os.environ |= known(here.tools.db)


def known(db: database.Database) -> dict[str, str]:
    """The variables of the customers that are in the books."""
    read = db.read
    invoices = {
        row.account_id: f'{row.series}-{row.number:06d}'
        for row in read(
            lambda c: list(
                c.execute(
                    schema.invoices.select().where(
                        schema.invoices.c.number.is_not(None)
                    )
                )
            )
        )
    }
    acme = read(accounts.by_name, 'acme').id
    rival = read(accounts.by_name, 'rival').id
    found = {
        'ACME_NAME': 'acme',
        'RIVAL_NAME': 'rival',
        'PLAN_NAME': 'vps',
        'SUB_NAME': 'acme-1',
        'RIVAL_SUB': 'rival-1',
        'ACME_ID': acme,
        'RIVAL_ID': rival,
        'PLAN_ID': read(plans.by_name, 'vps').id,
        'SUB_ID': read(subscriptions.by_name, 'acme-1').id,
        'RIVAL_SUB_ID': read(subscriptions.by_name, 'rival-1').id,
        'ACME_INVOICE': invoices[acme],
        'RIVAL_INVOICE': invoices[rival],
    }
    return {name: str(value) for name, value in found.items()}
