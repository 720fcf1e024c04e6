# SPDX-License-Identifier: Apache-2.0
"""What the commands of all nouns have in common."""

import argparse
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
import sys
from typing import Any

from osc_lib.command import command
from osc_lib import exceptions

from patrii_billing import client
from patrii_billing.osc import columns

Cells = tuple[Sequence[str], Iterable[Sequence[Any]]]
_DAYS = 'YYYY-MM-DD'


class Command(command.Command):
    """A command on the API; what it refuses is told in its words."""

    @property
    def api(self) -> client.Client:
        clients: Any = self.app.client_manager
        return clients.billing  # type: ignore[no-any-return]

    def run(self, parsed_args: argparse.Namespace) -> int:
        try:
            return super().run(parsed_args)
        except client.Refused as error:
            told = columns.harmless(str(error))
            raise exceptions.CommandError(told) from None

    def say(self, text: str) -> None:
        """Tell a person something beside the output, on stderr."""
        print(columns.harmless(text), file=sys.stderr)


class Lister(Command, command.Lister):
    """A table of items. `shows` and `items` are the noun's own.

    `most` is how many without --limit; None is all.
    """

    shows: Sequence[columns.Column] = ()
    most: int | None = None

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        if any(column.long for column in self.shows):
            parser.add_argument(
                '--long', action='store_true', help='Show more of each'
            )
        parser.add_argument(
            '--limit', type=_positive, metavar='<n>', default=self.most,
            help=f'Show no more than these (default: {self.most or "all"})',
        )  # fmt: skip
        self.add_filters(parser)
        return parser

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        """Options that choose among the items."""

    def items(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        raise NotImplementedError

    def take_action(self, parsed_args: argparse.Namespace) -> Cells:
        shown = columns.chosen(self.shows, parsed_args)
        headings = tuple(column.heading for column in shown)
        # All of them before the first is shown: a refusal half way through
        # is no shorter list.
        rows = [
            columns.cells(shown, item, parsed_args)
            for item in self.items(parsed_args)
        ]
        return headings, rows


class ShowOne(Command, command.ShowOne):
    """One item, a field a line. `shows` and `item` are the noun's own."""

    shows: Sequence[columns.Column] = ()

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        self.add_arguments(parser)
        return parser

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """What says which one, and what is to be done with it."""

    def item(self, parsed_args: argparse.Namespace) -> Any:
        raise NotImplementedError

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Sequence[Any]]:
        item = self.item(parsed_args)
        if item is None:
            return (), ()
        shown = columns.chosen(self.shows, parsed_args)
        return (
            tuple(column.heading for column in shown),
            columns.cells(shown, item, parsed_args),
        )


class Change(ShowOne):
    """A write, which may be rehearsed; `write` says what is sent.

    One that cannot be taken back (`asks`) asks first, or takes --yes.
    """

    asks: str = ''

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--dry-run', action='store_true',
            help='Show what would follow, and write nothing',
        )  # fmt: skip
        if self.asks:
            parser.add_argument(
                '--yes', action='store_true', help='Do not ask'
            )
        return parser

    def send(
        self,
        parsed_args: argparse.Namespace,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        preview: bool = False,
        **names: Any,
    ) -> Any:
        """Do it, or rehearse it; the item to show, None after a rehearsal.

        With `preview` a rehearsal shows the item as it would be. `names` are
        put into the question of what is asked.
        """
        if self.asks and not (parsed_args.yes or parsed_args.dry_run):
            confirm(self.asks.format(**names))
        answer = self.api.write(
            method, path, body, dry_run=parsed_args.dry_run
        )
        if not parsed_args.dry_run:
            return answer
        for line in rehearsed(answer):
            self.say(line)
        return answer['answer'] if preview else None


class Delete(Command):
    """Deletes some of a collection, and goes on where one is refused."""

    collection: str = ''
    noun: str = ''

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'called', nargs='+', metavar=f'<{self.noun}>',
            help=f'{self.noun.capitalize()} (name or ID)',
        )  # fmt: skip
        parser.add_argument(
            '--dry-run', action='store_true',
            help='Show what would follow, and write nothing',
        )  # fmt: skip
        parser.add_argument('--yes', action='store_true', help='Do not ask')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        called = parsed_args.called
        if not (parsed_args.yes or parsed_args.dry_run):
            confirm(f'Delete {self.noun} {", ".join(called)}?')
        failed = []
        for each in called:
            try:
                self._delete(each, parsed_args.dry_run)
            except client.Refused as error:
                failed.append(f'{each}: {error}')
        if failed:
            raise exceptions.CommandError('\n'.join(failed))

    def _delete(self, called: str, dry_run: bool) -> None:
        found = self.api.find(self.collection, called)
        path = f'/v1/{self.collection}/{found["id"]}'
        answer = self.api.write('DELETE', path, dry_run=dry_run)
        for line in rehearsed(answer) if dry_run else ():
            self.say(line)


def rehearsed(answer: Mapping[str, Any]) -> list[str]:
    """What a dry run tells, a line each."""
    told = [
        ' '.join(
            str(part)
            for part in (
                entry['what'], entry['name'], entry['detail'].get('amount'),
                entry['detail'].get('result'),
                f'({entry["why"]})' if entry['why'] else None,
            )
            if part
        )
        for entry in answer['would']
    ]  # fmt: skip
    return [*(told or ['Nothing changes.']), 'Dry run: nothing was written.']


def confirm(question: str) -> None:
    """Raises CommandError unless a person agrees."""
    if not sys.stdin.isatty():
        raise exceptions.CommandError(
            f'nobody is there to agree: {question} Say --yes to do it'
        )
    print(f'{question} [y/N] ', end='', file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ('y', 'yes'):
        raise exceptions.CommandError('left as it is')


def given(
    parsed_args: argparse.Namespace, *names: str
) -> dict[str, Any]:
    """The options that were given, by the names of the API's fields."""
    return {
        name: value
        for name in names
        if (value := getattr(parsed_args, name)) is not None
    }


def check_said(body: Mapping[str, Any]) -> None:
    """Raises CommandError where a change says nothing."""
    if not body:
        raise exceptions.CommandError('nothing is said that is to change')


def moment(text: str) -> str:
    """An instant of the API; a day is its first instant, in UTC."""
    try:
        day = len(text) == len(_DAYS)
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'{text} is neither {_DAYS} nor ISO 8601'
        ) from None
    if at.tzinfo is None and not day:
        raise argparse.ArgumentTypeError(f'{text} has no offset, as Z')
    return (at.replace(tzinfo=dt.UTC) if day else at).isoformat()


def found(
    api: client.Client, parsed_args: argparse.Namespace, *nouns: str
) -> dict[str, Any]:
    """The ids of what options name, as the API's filters."""
    return {
        f'{noun}_id': api.find(f'{noun}s', called)['id']
        for noun in nouns
        if (called := getattr(parsed_args, noun)) is not None
    }


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f'{text} is not above zero')
    return int(text)

