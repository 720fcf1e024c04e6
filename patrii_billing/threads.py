# SPDX-License-Identifier: Apache-2.0
"""Native threads: to be chosen before oslo_messaging is imported."""

import warnings


def choose_native() -> None:
    """Have oslo.service run native threads, not its default eventlet."""
    with warnings.catch_warnings():
        # futurist looks whether eventlet is there, as it always is with
        # oslo.service, and so it complains though nothing here uses it.
        warnings.filterwarnings('ignore', r'\s*Eventlet is deprecated')
        from oslo_service import backend

        backend.init_backend(backend.BackendType.THREADING)
