# SPDX-License-Identifier: Apache-2.0
"""A customer's project seen from inside, for as long as one call takes."""

from collections.abc import Iterator
import contextlib
from urllib import parse

from oslo_log import log as logging

from patrii_billing.cloud import answers
from patrii_billing.cloud import keystone
from patrii_billing.cloud import session
from patrii_billing import errors

LOG = logging.getLogger(__name__)


def role_id(connection: session.Connection, name: str) -> str:
    """The id of a role that all domains share."""
    found = keystone.listed(connection, 'roles', {'name': name})
    ids = [str(role['id']) for role in found]
    if len(ids) != 1:
        raise errors.CloudRefused(f'keystone has no role {name}', 404)
    return ids[0]


@contextlib.contextmanager
def lent(
    connection: session.Connection, project: str, role: str
) -> Iterator[session.Connection]:
    """Our own account, as a member of `project`.

    The role is granted only where we don't have it, and then taken away
    again. If that fails it is an operator's matter: what was done inside
    stands.
    """
    grant = '/projects/{}/users/{}/roles/{}'.format(
        parse.quote(project, safe=''),
        connection.access.user_id,
        role_id(connection, role),
    )
    before = connection.request('identity', 'HEAD', grant)
    granted = before.status_code == 404
    if not granted:
        answers.body(before, f'HEAD {grant}')
    try:
        if granted:
            connection.json('identity', 'PUT', grant)
        yield connection.scoped(project)
    finally:
        if granted:
            _take_away(connection, grant)


def _take_away(connection: session.Connection, grant: str) -> None:
    try:
        response = connection.request('identity', 'DELETE', grant)
        if response.status_code != 404:
            answers.body(response, f'DELETE {grant}')
    except errors.CloudError as error:
        LOG.error(
            'Our account keeps a role it needed for one call; take it away '
            'by hand: DELETE %(grant)s (%(error)s)',
            {'grant': grant, 'error': error},
        )
