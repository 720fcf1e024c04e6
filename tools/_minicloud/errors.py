# SPDX-License-Identifier: Apache-2.0
"""The one kind of failure that minicloud shows as a line, not a trace."""


class MinicloudError(Exception):
    """Something the user can act on; the message says what."""
