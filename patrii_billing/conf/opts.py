# SPDX-License-Identifier: Apache-2.0
"""Reading the configuration, and knowing all that may stand in it."""

from collections.abc import Sequence
import functools
from importlib import metadata

from oslo_config import cfg
from oslo_log import log
from oslo_middleware.healthcheck import opts as healthcheck

from patrii_billing.conf import api
from patrii_billing.conf import billing
from patrii_billing.conf import bounces
from patrii_billing.conf import bridge
from patrii_billing.conf import ceilometer
from patrii_billing.conf import checks
from patrii_billing.conf import database
from patrii_billing.conf import document
from patrii_billing.conf import enforcement
from patrii_billing.conf import engine
from patrii_billing.conf import events
from patrii_billing.conf import ladder
from patrii_billing.conf import listener
from patrii_billing.conf import mail
from patrii_billing.conf import metrics
from patrii_billing.conf import nova
from patrii_billing.conf import odoo
from patrii_billing.conf import retention
from patrii_billing.conf import tryton
from patrii_billing.conf import web
from patrii_billing.conf import webhooks
from patrii_billing import threads

DEFAULT_FILE = '/etc/patrii_billing/patrii_billing.conf'

_OURS = (
    billing,
    ladder,
    enforcement,
    listener,
    ceilometer,
    engine,
    mail,
    bounces,
    document,
    nova,
    api,
    web,
    events,
    webhooks,
    odoo,
    tryton,
    bridge,
    retention,
    metrics,
)

# Each look at the schema is news to alembic; keystoneauth says in a line more
# that keystone did not answer, and novaclient for each try that nova did not;
# oslo.db and SQLAlchemy's pool show the traceback of each connection that is
# given up. WeasyPrint tells on each page what of the sheet for telephones it
# does not need, fontTools of each table of a font, flufl.bounce of each form
# that it tries.
_LOG_LEVELS = (
    'alembic=WARN',
    'flufl.bounce=WARN',
    'fontTools=WARN',
    'keystoneauth.identity.generic.base=ERROR',
    'novaclient.v2.client=ERROR',
    'oslo_db.api=CRITICAL',
    'sqlalchemy.pool=CRITICAL',
    'weasyprint=ERROR',
)

# Libraries that read options of their own, by their entry points.
_LIBRARIES = ('cotyledon', 'oslo.messaging', 'oslo.reports')


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    """Our own options, for oslo-config-generator."""
    return [listed for module in _OURS for listed in module.list_opts()]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register our own options and those of the libraries we run."""
    for module in (*_OURS, database):
        module.register_opts(conf)
    log.register_options(conf)
    conf.set_default(
        'default_log_levels', [*log.get_default_log_levels(), *_LOG_LEVELS]
    )
    threads.choose_native()
    for library in _libraries():
        for group, options in library.load()():
            conf.register_opts(options, group=group)
    conf.register_opts(healthcheck.HEALTHCHECK_OPTS, group='healthcheck')


@functools.cache
def _libraries() -> list[metadata.EntryPoint]:
    """Read once: to find them, the lists of all packages are read."""
    found = metadata.entry_points(group='oslo.config.opts')
    return [found[name] for name in _LIBRARIES]


def load(
    argv: Sequence[str],
    version: str | None = None,
    conf: cfg.ConfigOpts | None = None,
) -> cfg.ConfigOpts:
    """Read and check the configuration that a command line names.

    It is read into an object of its own unless one is given.

    Without `--config-file` it is DEFAULT_FILE. Raises cfg.Error, with one
    line that names section and option, for a value that is wrong and also
    for an option nobody knows, which oslo.config would ignore.
    """
    conf = cfg.ConfigOpts() if conf is None else conf
    register_opts(conf)
    try:
        conf(
            list(argv),
            project='patrii_billing',
            version=version,
            default_config_files=[DEFAULT_FILE],
        )
    except SystemExit as end:
        # With no code oslo.config has just refused a value, and said so.
        raise SystemExit(1 if end.code is None else end.code) from None
    checks.check(conf)
    return conf
