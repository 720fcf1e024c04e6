# SPDX-License-Identifier: Apache-2.0
"""The process that starts the others, and starts them anew."""

from collections.abc import Sequence
import logging as standard_logging
import multiprocessing

import cotyledon
from oslo_config import cfg
from oslo_log import log as logging

from patrii_billing.conf import checks
from patrii_billing.conf import opts
from patrii_billing.daemon import services
from patrii_billing import errors
from patrii_billing import reports
from patrii_billing import version
from patrii_billing import wiring

LOG = logging.getLogger(__name__)


class Master:
    """Runs the workers that a command line's configuration asks for."""

    def __init__(self, argv: Sequence[str]) -> None:
        """Raises cfg.Error or InvalidInput, in one line."""
        self._argv = argv
        self._conf = self._read()
        self._counts = services.workers(self._conf)
        if not any(self._counts.values()):
            raise errors.InvalidInput(
                'every number of workers is 0: nothing to run',
                '[engine] workers',
            )

    def run(self) -> None:
        """Start the workers and keep them alive; does not return."""
        self._begin_to_log()
        manager = cotyledon.ServiceManager(
            graceful_shutdown_timeout=self._conf.graceful_shutdown_timeout,
            # Workers inherit the configuration, which cannot be pickled.
            mp_context=multiprocessing.get_context('fork'),
        )
        manager.register_hooks(
            on_reload=self._reload, on_new_worker=self._report
        )
        for service, count in self._counts.items():
            if count:
                manager.add(service, count, args=(lambda: self._conf,))
        reports.enable(self._conf, 'patrii-billing-engine')
        manager.run()

    def _read(self) -> cfg.ConfigOpts:
        conf = opts.load(self._argv, version.version_string())
        wiring.check(conf)
        return conf

    def _reload(self) -> None:
        """Read the file again, whole; cotyledon then starts workers anew.

        All that a worker has was built from the configuration after it was
        forked, so every option may change, not only those that oslo.config
        could mutate. A file that is wrong changes nothing.
        """
        wrong = None
        try:
            self._conf = self._read()
            self._begin_to_log()
        except (cfg.Error, errors.InvalidInput, SystemExit) as error:
            wrong = error
        if wrong:
            LOG.error('The configuration stays as it was: %s', wrong)

    def _report(
        self, _service: object, _number: int, service: cotyledon.Service
    ) -> None:
        """Have a new worker report under its own name."""
        what = f'{service.name} {service.worker_id}'
        reports.enable(self._conf, f'patrii-billing-{what}')

    def _begin_to_log(self) -> None:
        release = version.version_string()
        logging.setup(self._conf, 'patrii_billing', release)
        counts = ', '.join(
            f'{service.name} {count}'
            for service, count in self._counts.items()
        )
        LOG.info('Release %s, workers: %s', release, counts)
        LOG.info('%s', wiring.described(self._conf))
        for line in checks.exposed(self._conf):
            LOG.warning('%s', line)
        if self._conf.log_options:
            self._conf.log_opt_values(LOG, standard_logging.DEBUG)
