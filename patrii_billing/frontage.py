# SPDX-License-Identifier: Apache-2.0
"""What people and programs open, the API and the pages, built on wiring.

Apart from it, since the daemon has neither: its workers load no flask and no
templates of pages.
"""

from collections.abc import Callable
from collections.abc import Mapping
import functools
import secrets
from typing import Any

from oslo_config import cfg
from werkzeug.middleware import dispatcher

from patrii_billing.api import app as api_app
from patrii_billing.api import route as routes
from patrii_billing.cloud import logins
from patrii_billing.cloud import session
from patrii_billing.conf import opts
from patrii_billing.domain import calendar
from patrii_billing.engine import summary
from patrii_billing.engine import tools as toolbox
from patrii_billing.policies import rules
from patrii_billing.web import app as web_app
from patrii_billing.web import brake as brakes
from patrii_billing.web import person as persons
from patrii_billing.web import window as panes
from patrii_billing import wiring


def api(conf: cfg.ConfigOpts) -> Any:
    """The REST API as a WSGI application, without its filters."""
    return api_app.build(door(conf))


believing = api_app.noauth


def window(conf: cfg.ConfigOpts, service: Any) -> Any:
    """The pages, over the API without its filters."""
    options = conf.web
    login: logins.Logins | None = None
    known: Callable[[Mapping[str, Any]], persons.Person | None] | None = None
    if conf.api.auth_strategy == 'noauth':
        known = _anybody
    elif options.auth == 'proxy':
        known = functools.partial(
            persons.proxied, user_header=options.proxy_user_header,
            roles_header=options.proxy_roles_header,
            roles=options.proxy_roles,
        )  # fmt: skip
    else:
        auth_url = _auth_url(conf)
        login = logins.Logins(conf, auth_url, options.project)
    return web_app.build(
        panes.Window(
            service=service,
            authorize=rules.enforcer(conf).authorize,
            secret=options.secret or secrets.token_hex(32),
            login=login,
            known=known,
            span=wiring.elapsed(options.session, '[web] session'),
            secure=options.secure_cookies,
            sso_url=options.sso_url,
            brake=brakes.Brake(options.login_attempts),
            brand=conf.mail.brand_name,
            zone=calendar.zone(conf.billing.timezone, '[billing] timezone'),
            locale=conf.billing.locale,
        )
    )


def demo(
    tools: toolbox.Tools,
    brand: str,
    kept: summary.Summaries | None = None,
) -> Any:
    """The pages at /ui and the API, over books and a clock of the demo.

    Whoever looks is an administrator of theirs. Unless it is `kept`, where
    the cloud stands is read each time.
    """
    conf = cfg.ConfigOpts()
    opts.register_opts(conf)
    # No file of an operator: a demo is the same everywhere.
    conf([], project='patrii_billing', default_config_files=[])
    enforcer = rules.enforcer(conf)
    service = api_app.build(
        routes.Door(
            tools=tools, authorize=enforcer.authorize,
            render=wiring.printer(conf).render, defaults=wiring.defaults(conf),
            summaries=kept or summary.Summaries(),
        )
    )  # fmt: skip
    pages = web_app.build(
        panes.Window(
            service=service, authorize=enforcer.authorize,
            secret=secrets.token_hex(32), known=_anybody, now=tools.now,
            secure=False, brand=brand,
        )
    )  # fmt: skip
    return dispatcher.DispatcherMiddleware(service, {'/ui': pages})


def _anybody(_environ: Mapping[str, Any]) -> persons.Person:
    return persons.Person('noauth', 'noauth', '', ('admin', 'reader'))


def _auth_url(conf: cfg.ConfigOpts) -> str:
    """Where keystone is, as the account of [nova] has it."""
    return str(getattr(session.account(conf), 'auth_url'))


def door(conf: cfg.ConfigOpts) -> routes.Door:
    """What the API works with."""
    enforcer = rules.enforcer(conf)
    return routes.Door(
        tools=wiring.tools(conf),
        authorize=enforcer.authorize,
        render=wiring.printer(conf).render,
        defaults=wiring.defaults(conf),
        keep_keys=wiring.elapsed(conf.api.keep_keys, '[api] keep_keys'),
        max_limit=conf.api.max_limit,
        max_body_size=conf.api.max_body_size,
        sources=wiring.sources(conf),
        summaries=summaries(conf),
    )


def summaries(conf: cfg.ConfigOpts) -> summary.Summaries:
    """Where the cloud stands, as old as it may be shown."""
    age = wiring.elapsed(conf.api.summary_age, '[api] summary_age')
    return summary.Summaries(age, summary.PAST_AGE if age else age)
