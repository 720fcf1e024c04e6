# SPDX-License-Identifier: Apache-2.0
"""What the cloud hands to the engine besides servers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kept:
    """What of a deleted server was saved from deletion with it."""

    images: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()  # what could not be saved, in words


@dataclass(frozen=True, slots=True)
class KeystoneProject:
    """A project as keystone names it."""

    id: str
    name: str
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class User:
    """Who logged in at keystone, and the roles he has in a project."""

    id: str
    name: str
    project_id: str
    project_name: str
    roles: tuple[str, ...]
