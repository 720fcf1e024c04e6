# SPDX-License-Identifier: Apache-2.0
"""What a process does just now, told when it is asked: oslo.reports.

SIGUSR2, or a touched file where `[oslo_reports] file_event_handler` names
one, has it write its threads, its processes and its configuration.
"""

import threading
import types
from typing import Any

from oslo_config import cfg
from oslo_reports.generators import conf as configuration
from oslo_reports import guru_meditation_report as guru

from patrii_billing import version

_RELEASE = types.SimpleNamespace(
    version_string_with_package=version.version_string
)


def enable(conf: cfg.ConfigOpts, name: str) -> None:
    """Have this process report, under a name of its own.

    Only of the main thread a signal can be caught; elsewhere a file is
    watched.
    """
    of_main = threading.current_thread() is threading.main_thread()
    # The generator of its own reads oslo.config's global object.
    report: Any = type('Report', (guru.TextGuruMeditation,), {})
    report.register_section(
        'Configuration of the service',
        configuration.ConfigReportGenerator(conf),
    )
    report.setup_autorun(
        _RELEASE, name.replace(' ', '-'), conf=conf,
        setup_signal=of_main,
    )  # fmt: skip
