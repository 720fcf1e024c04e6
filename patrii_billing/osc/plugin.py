# SPDX-License-Identifier: Apache-2.0
"""The plugin of the `openstack` command: it makes the client of our API."""

import argparse
from typing import Any

from keystoneauth1 import adapter

from patrii_billing import client

API_NAME = 'billing'
API_VERSION_OPTION = 'os_billing_api_version'
API_VERSIONS = ('1', '1.0')
DEFAULT_API_VERSION = '1'

_MEASURES = frozenset({'influxdb', 'prometheus', 'statsd'})


def make_client(instance: Any) -> client.Client:
    """A client over the region and the session of the command.

    Every `billing_...` key of clouds.yaml counts, as
    `billing_endpoint_override`.
    """
    region = instance._cli_options
    way = region.get_session_client(
        client.SERVICE_TYPE, constructor=_adapter
    )
    # Found in the catalogue as it stands: there is nothing to negotiate.
    way.version = way.min_version = way.max_version = None
    return client.Client(way)


def _adapter(**options: Any) -> adapter.Adapter:
    """Only openstacksdk's own proxies take what measures them."""
    kept = {
        name: value
        for name, value in options.items()
        if name.partition('_')[0] not in _MEASURES
    }
    return adapter.Adapter(**kept)


def build_option_parser(
    parser: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    parser.add_argument(
        '--os-billing-api-version', metavar='<billing-api-version>',
        choices=API_VERSIONS,
        help=f'Billing API version (default: {DEFAULT_API_VERSION})',
    )  # fmt: skip
    return parser
