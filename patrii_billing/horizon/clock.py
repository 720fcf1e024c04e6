# SPDX-License-Identifier: Apache-2.0
"""The time zone of who looks, also in what a page loads later.

Horizon sets it for whole pages only; a tab or a form that is fetched by
itself would be told on the clock of whoever was served before.
"""

from typing import Any

from django.utils import timezone
from horizon.utils import functions


class OwnClock:
    """For views, before that which answers."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        timezone.activate(functions.get_timezone(request))
        answer: Any = super()
        return answer.dispatch(request, *args, **kwargs)
