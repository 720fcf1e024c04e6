# SPDX-License-Identifier: Apache-2.0
"""A directive that tells all commands of an argparse parser, as cliff's does.

`.. commands:: module:function`, where the function makes the parser.
"""

import argparse
from collections.abc import Iterator
import importlib
from typing import Any

from docutils import nodes
from docutils.parsers import rst
from docutils import statemachine
from sphinx import application
from sphinx.util import nodes as sphinx_nodes

_INDENT = '   '


class Commands(rst.Directive):
    """Its sections stand below the title that it stands under."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module, _, function = self.arguments[0].partition(':')
        parser = getattr(importlib.import_module(module), function)()
        lines = statemachine.StringList()
        for line in _program(parser):
            lines.append(line, self.arguments[0])
        section = nodes.section()
        section.document = self.state.document
        sphinx_nodes.nested_parse_with_titles(self.state, lines, section)
        return section.children


def _program(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The options of the whole, and a section for each command."""
    yield from _told(parser)
    for command in _commands(parser):
        yield from (command.prog, '-' * len(command.prog), '')
        yield from _told(command)


def _told(parser: argparse.ArgumentParser) -> Iterator[str]:
    if parser.description:
        yield from _described(parser)
    yield from (f'.. program:: {parser.prog}', '', '.. code-block:: text', '')
    yield from _indented(parser.format_usage().removeprefix('usage: '))
    for action in parser._actions:
        if not isinstance(action, (argparse._HelpAction, _Subparsers)):
            yield from _option(parser, action)


def _described(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Its own lines stay as they are where the command keeps them."""
    if parser.formatter_class is argparse.RawDescriptionHelpFormatter:
        yield from ('.. code-block:: text', '')
        yield from _indented(str(parser.description))
    else:
        yield from (str(parser.description), '')


def _option(
    parser: argparse.ArgumentParser, action: argparse.Action
) -> Iterator[str]:
    yield f'.. option:: {_name(action)}'
    yield ''
    known = {**vars(action), 'prog': parser.prog}
    yield from _indented(str(action.help or '') % known)


def _name(action: argparse.Action) -> str:
    if action.choices:
        value = '{' + ','.join(map(str, action.choices)) + '}'
    else:
        value = str(action.metavar or action.dest.upper())
    if not action.option_strings:
        return str(action.metavar or action.dest)
    if action.nargs == 0:
        return ', '.join(action.option_strings)
    return ', '.join(f'{name} {value}' for name in action.option_strings)


def _indented(text: str) -> Iterator[str]:
    for line in text.strip().splitlines():
        yield _INDENT + line if line.strip() else ''
    yield ''


_Subparsers: Any = argparse._SubParsersAction


def _commands(
    parser: argparse.ArgumentParser,
) -> Iterator[argparse.ArgumentParser]:
    """Those that do something, by their names; not those that group them."""
    for action in parser._actions:
        if isinstance(action, _Subparsers):
            for _, inner in sorted(action.choices.items()):
                deeper = [*_commands(inner)]
                yield from deeper or [inner]


def setup(app: application.Sphinx) -> dict[str, Any]:
    app.add_directive('commands', Commands)
    return {'parallel_read_safe': True}
