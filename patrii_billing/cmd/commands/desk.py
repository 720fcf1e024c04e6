# SPDX-License-Identifier: Apache-2.0
"""What a command works with: built when it is first asked for.

So a command that needs no configuration and no database reads neither.
"""

import argparse
from collections.abc import Callable
import datetime as dt
import functools
import os
import pwd
from typing import Any, Concatenate, ParamSpec, TypeVar

from oslo_config import cfg
import sqlalchemy as sa

from patrii_billing.conf import opts
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import database
from patrii_billing import wiring

P = ParamSpec('P')
T = TypeVar('T')

# What argparse hands the commands of a parser to.
Commands = Any


class Desk:
    """One operator at one command."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options

    @functools.cached_property
    def conf(self) -> cfg.ConfigOpts:
        """The configuration. Raises cfg.Error."""
        argv = []
        for name in ('config_file', 'config_dir'):
            for path in getattr(self.options, name, None) or ():
                argv += [f'--{name.replace("_", "-")}', path]
        return opts.load(argv)

    @functools.cached_property
    def books(self) -> database.Database:
        """The database in whatever state it is, for what mends it."""
        return wiring.books(self.conf)

    @functools.cached_property
    def tools(self) -> toolbox.Tools:
        """The engine's, over books this release can work with."""
        wiring.check_schema(self.conf)
        return wiring.tools(self.conf)

    def close(self) -> None:
        """Let go of the database, if it was needed."""
        built = vars(self)
        if 'books' in built:
            self.books.engine.dispose()
        if 'tools' in built:
            self.tools.db.engine.dispose()

    @property
    def now(self) -> dt.datetime:
        return self.tools.now()

    def write(
        self,
        work: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return self.tools.db.write(work, *args, **kwargs)

    def read(
        self,
        work: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return self.tools.db.read(work, *args, **kwargs)

    @property
    def by(self) -> str:
        """Who is doing it, for the timeline: the user of the system."""
        try:
            return f'cli:{pwd.getpwuid(os.getuid()).pw_name}'
        except KeyError:
            return f'cli:{os.getuid()}'
