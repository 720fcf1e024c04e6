# SPDX-License-Identifier: Apache-2.0
"""What a notification means, for a person to look at, a line at a time."""

import json
from typing import Any

from patrii_billing.domain import facts
from patrii_billing.intake import nova

# Nova's legacy form knows neither; without them both forms answer alike.
_LEFT_OUT = ('request_id', 'initiator')


def explain_line(text: str) -> str:
    """One JSON line for one JSON line; never raises.

    The answer is the fact, or {"ignored": reason}, or {"parked": reason}, or
    {"error": what is wrong with the line}.
    """
    return json.dumps(_explain(text))


def _explain(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    # Deep nesting exhausts the decoder's stack.
    except (ValueError, RecursionError) as error:
        return {'error': f'not JSON: {error}'}
    if not isinstance(message, dict):
        return {'error': 'not a JSON object'}
    answer = nova.parse(message)
    if isinstance(answer, nova.Ignored):
        return {'ignored': answer.reason}
    if isinstance(answer, nova.Parked):
        return {'parked': answer.reason}
    said = facts.to_dict(answer)
    return {key: said[key] for key in said if key not in _LEFT_OUT}
