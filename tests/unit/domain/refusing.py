# SPDX-License-Identifier: Apache-2.0
"""What a person is told of what he handed in."""

from collections.abc import Callable
from typing import Any

from patrii_billing import errors


def told(read: Callable[..., Any], *given: Any, **named: Any) -> str:
    """Where it is wrong and why, in the words that he reads."""
    try:
        read(*given, **named)
    except errors.InvalidInput as error:
        return str(error)
    raise AssertionError(f'{given} was taken')
