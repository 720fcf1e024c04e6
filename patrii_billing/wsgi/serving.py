# SPDX-License-Identifier: Apache-2.0
"""Build the application once, from the files the environment names."""

import os
import pathlib
from typing import Any

from oslo_config import cfg
from oslo_log import log
from paste.deploy import loadwsgi

from patrii_billing.conf import checks
from patrii_billing.conf import opts
from patrii_billing import reports
from patrii_billing import version
from patrii_billing import wiring

LOG = log.getLogger(__name__)

_FILES = 'PATRII_BILLING_CONFIG_FILES'
_ETC = pathlib.Path('/etc/patrii_billing/api-paste.ini')
_PACKAGED = pathlib.Path(__file__).with_name('api-paste.ini')


def application() -> Any:
    """The API behind its filters.

    Raises cfg.Error, InvalidInput and SchemaTooOld, which say what is wrong
    with the configuration or the database.
    """
    argv = []
    for path in filter(None, os.environ.get(_FILES, '').split(';')):
        argv += ['--config-file', path]
    conf = opts.load(argv, version.version_string(), cfg.CONF)
    log.setup(conf, 'patrii_billing')
    for line in checks.exposed(conf):
        LOG.warning('%s', line)
    if conf.oslo_reports.file_event_handler:
        # A signal would be the WSGI server's.
        reports.enable(conf, 'patrii-billing-api')
    wiring.check_schema(conf)
    return loadwsgi.loadapp(
        f'config:{_paste(conf)}', name=conf.api.auth_strategy
    )


def _paste(conf: cfg.ConfigOpts) -> pathlib.Path:
    if conf.api.paste_config:
        return pathlib.Path(conf.api.paste_config).resolve()
    return _ETC if _ETC.exists() else _PACKAGED
