# SPDX-License-Identifier: Apache-2.0
"""The two errors of the cloud, from whatever the client libraries raise.

A refusal needs an answer of the service itself. Where there is none, or none
that can be read, the outcome is unknown, and unknown means no action.
"""

from collections.abc import Iterator
import contextlib
import re
from typing import Any

from keystoneauth1 import exceptions as keystone_errors
from novaclient import exceptions as nova_errors
import requests

from patrii_billing import errors

# A token that ran out, a service too slow or too busy: not a refusal.
_UNDECIDED = frozenset({401, 408, 429})


def by_code(code: int, reason: str) -> errors.CloudError:
    """The error for an HTTP status that is not a success."""
    if 400 <= code < 500 and code not in _UNDECIDED:
        return errors.CloudRefused(reason, code)
    return errors.CloudUnavailable(f'{code}: {reason}')


@contextlib.contextmanager
def understood(what: str) -> Iterator[None]:
    """Around one call of a client library; `what` it was for.

    keystoneauth1 raises only where no service answered (no connection, no
    token, no endpoint), since its own errors for HTTP codes are switched off
    in every call of ours; so a 404 from keystone's token URL is never taken
    for a server that is gone.
    """
    try:
        yield
    except nova_errors.ClientException as error:
        raise by_code(int(error.code), f'{what}: {error.message}') from error
    except keystone_errors.ClientException as error:
        raise errors.CloudUnavailable(f'{what}: {error}') from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # What the libraries raise on a body that is not the service's own,
        # such as a proxy's page.
        raise errors.CloudUnavailable(
            f'{what}: the answer cannot be read ({error!r})'
        ) from error


def body(response: requests.Response, what: str) -> dict[str, Any]:
    """The JSON object of a successful answer; {} where there is none."""
    if not 200 <= response.status_code < 300:
        raise by_code(response.status_code, f'{what}: {reason(response)}')
    if not response.content:
        return {}
    with understood(what):
        return dict(response.json())


def found(
    response: requests.Response, name: str, what: str
) -> dict[str, Any] | None:
    """Like `body`; None only where the service itself has no `name`.

    :raises CloudUnavailable: a 404 that does not name it, as of a proxy or a
        wrong address, which says nothing about it
    """
    if names_missing(response, name):
        return None
    if response.status_code == 404:
        raise errors.CloudUnavailable(
            f'{what}: a 404 that is not of the service: {reason(response)}'
        )
    return body(response, what)


def reason(response: requests.Response) -> str:
    """The service's own words on why it refused."""
    try:
        (fault,) = response.json().values()
        return str(fault['message'])
    except (AttributeError, KeyError, TypeError, ValueError):
        # Glance answers in HTML.
        text = re.sub(r'<title>.*?</title>|<[^>]*>', ' ', response.text)
        return ' '.join(text.split())[:300] or response.reason or 'no reason'


def names_missing(response: requests.Response, name: str) -> bool:
    """Whether this is a service's own 404 for `name`, not a lost path's."""
    return response.status_code == 404 and name in response.text
