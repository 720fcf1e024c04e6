# SPDX-License-Identifier: Apache-2.0
"""Run the sample customers: on the screen, or at once into a summary."""

import datetime as dt
import sys
import time
from typing import Any

from rich import console
from rich import live
from rich import progress

from patrii_billing.demo import customers
from patrii_billing.demo import pages
from patrii_billing.demo import screen
from patrii_billing.simulation import run
from patrii_billing.simulation import summary
from patrii_billing.simulation import world as worlds
from patrii_billing import wiring


def watch(seed: int, days: int, pace: float, folder: str) -> None:
    """Show the ladder at work, `pace` seconds for each simulated day."""
    world = _world(seed, days, folder)
    moving, running = screen.Screen(), run.Run(world)
    shown_day = None
    with live.Live(screen=True, auto_refresh=False) as terminal:
        for now in running.instants():
            moving.tell(running.news())
            if now.date() == shown_day:
                continue
            shown_day = now.date()
            terminal.update(
                moving.draw(
                    now,
                    summary.counts(world),
                    summary.customers(world),
                    folder,
                ),
                refresh=True,
            )
            time.sleep(pace)


def summarise(seed: int, days: int, folder: str) -> dict[str, Any]:
    """Run all days at once, with progress on stderr."""
    world = _world(seed, days, folder)
    _run(world, days)
    return {'seed': seed, 'days': days, **summary.counts(world)}


def _run(world: worlds.World, days: int) -> run.Run:
    """All days, with progress on stderr."""
    start = world.clock.now()
    err = console.Console(file=sys.stderr)
    with progress.Progress(console=err, transient=True) as shown:
        task = shown.add_task('simulated days', total=days)
        running = run.Run(world)
        for now in running.instants():
            shown.update(task, completed=(now - start).days)
    return running


def serve(seed: int, days: int, folder: str, port: int) -> None:
    """Run all days at once, then show them in a browser until interrupted."""
    world = _world(seed, days, folder)
    pages.serve(_run(world, days), port)


def _world(seed: int, days: int, folder: str) -> worlds.World:
    scenario = customers.scenario(seed, days)
    return worlds.World(
        scenario,
        voice=wiring.folder_voice(folder),
        # Nobody here changes a quota past the books.
        quota_sweep_every=dt.timedelta(days=30),
    )
