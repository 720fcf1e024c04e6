# SPDX-License-Identifier: Apache-2.0
"""The installed version, which pbr drew from the git tag at build time."""

from importlib import metadata

DISTRIBUTION = 'patrii-billing'


def version_string() -> str:
    """Return the version of the installed distribution."""
    return metadata.version(DISTRIBUTION)
