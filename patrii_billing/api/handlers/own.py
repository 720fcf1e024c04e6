# SPDX-License-Identifier: Apache-2.0
"""What only a token of the very project may do of what is its account's."""

from patrii_billing.api import problems
from patrii_billing.api import route as routes


def must_be(call: routes.Call, project: str, *, always: bool = False) -> None:
    """Raises Refused (403) for a token of another project.

    For those who may do it everywhere only where `always` is said.
    """
    if call.scope.everything and not always:
        return
    if call.caller.project_id != project:
        raise problems.Refused(
            problems.Problem(
                403, 'forbidden',
                f'it takes a token of the project {project} itself',
            )
        )  # fmt: skip
