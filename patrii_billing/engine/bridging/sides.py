# SPDX-License-Identifier: Apache-2.0
"""The two sides of a bridge: what is there, and what either of them lacks.

Both are asked, which is nothing for within a unit of work.
"""

import dataclasses

from patrii_billing.domain import bridge
from patrii_billing.engine import ports
from patrii_billing import errors


def look(by: ports.Bridge) -> bridge.Sight:
    """What the engine is, and what it and the cloud lack."""
    sight = there(by)
    return dataclasses.replace(sight, needs=(*sight.needs, *by.trouble()))


def there(by: ports.Bridge) -> bridge.Sight:
    """The engine's side; where it is away, `what` is empty."""
    try:
        return by.engine.look()
    except errors.EngineError as error:
        need = (
            f'{by.name} does not answer as it should: {error} '
            f'(see [{by.name}])'
        )
        return bridge.Sight(what='', needs=(need,))
