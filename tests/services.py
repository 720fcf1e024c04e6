# SPDX-License-Identifier: Apache-2.0
"""Where the services are that tools/with_services.py has started."""

import os


class ServiceMissing(Exception):
    """A test needs a service that nobody has started."""


def mysql_url() -> str:
    return _url('PATRII_TEST_MYSQL_URL')


def postgresql_url() -> str:
    return _url('PATRII_TEST_POSTGRESQL_URL')


def transport_url() -> str:
    return _url('PATRII_TEST_TRANSPORT_URL')


def mail_folder() -> str:
    return _url('PATRII_TEST_MAIL_FOLDER')


def _url(variable: str) -> str:
    if variable not in os.environ:
        raise ServiceMissing(
            f'{variable} is not set: run these tests by tox, or under '
            'tools/with_services.py'
        )
    return os.environ[variable]
