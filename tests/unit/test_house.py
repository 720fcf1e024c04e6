# SPDX-License-Identifier: Apache-2.0
"""The rooms of the house, and who may import whom.

New work that needs a room adds its row here, and says in its commit why.
"""

import ast
from collections.abc import Iterator
import configparser
from importlib import metadata
import pathlib
import re
import sys

from oslotest import base

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOUSE = 'patrii_billing'

# A name with a dot opens only that part of a room.
MAY_IMPORT: dict[str, set[str]] = {
    'errors': set(),
    'version': set(),
    'threads': set(),
    'conf': {'threads'},
    'policies': set(),
    'domain': {'errors'},
    'store': {'domain', 'errors'},
    'cloud': {'domain', 'errors'},
    # One locale's words for money and days, in mails and on invoices.
    'wording': {'domain'},
    # The post of the bank: its statements are read as entries of one kind.
    'bank': {'domain', 'errors'},
    # What other panels export, as documents that the import reads.
    'legacy': {'domain', 'strict_yaml', 'errors'},
    'mail': {'domain', 'wording', 'errors'},
    'document': {'domain', 'wording', 'errors'},
    'drivers': {'domain', 'strict_yaml', 'errors'},
    # The ways to systems that listen. Not the API's: the daemon sends.
    'hooks': {'domain', 'threads', 'errors'},
    'engine': {'domain', 'store', 'strict_yaml', 'errors'},
    # The inbox is filled from here, and the watch told what was heard.
    'intake': {
        'engine',
        'domain',
        'store.database',
        'store.inbox',
        'store.watch',
        'threads',
        'errors',
    },
    'api': {'engine', 'store', 'policies', 'domain', 'errors'},
    # What a monitor is told. The daemon's, so that it says the API is away.
    'metrics': {'engine', 'store', 'domain'},
    # Asks the API that wiring hands it: one door decides for all.
    'web': {'domain', 'wording', 'errors'},
    'sim': {'domain', 'errors'},
    # Reads what people write, for the import and for scenarios.
    'strict_yaml': {'domain', 'errors'},
    # The real engine on the simulated cloud: sim itself must not know it.
    'simulation': {
        'engine',
        'store',
        'sim',
        'strict_yaml',
        'domain',
        'errors',
    },
    # Another engine's customers in a simulated world, beside what it did.
    'shadow': {'engine', 'store', 'simulation', 'domain', 'errors'},
    'demo': {'wiring', 'frontage', 'simulation', 'sim', 'domain'},
    'wsgi': {'wiring', 'frontage', 'conf', 'reports', 'errors', 'version'},
    # The worker processes: more than a command's few lines.
    'daemon': {'wiring', 'conf', 'intake', 'reports', 'errors', 'version'},
    # What a process does just now, of the daemon's and of the API's.
    'reports': {'version'},
    # Looks an installation over, and so into the rooms that reach outside.
    'inspection': {
        'wiring',
        'cloud',
        'conf',
        'intake',
        'policies',
        'store',
        'domain',
        'errors',
    },
    # The operator's commands are a door like the API, and write as it does.
    'cmd': {
        'bank',
        'legacy',
        'shadow',
        'wiring',
        'inspection',
        'conf',
        'daemon',
        'demo',
        'sim',
        'simulation',
        'intake',
        'engine',
        'store',
        'domain',
        'errors',
        'version',
    },
    'client': set(),
    'osc': {'client'},
    'horizon': {'client'},
}
# The one place where everything is built and joined.
MAY_IMPORT['wiring'] = {
    'cloud',
    'conf',
    'document',
    'domain',
    'drivers',
    'engine',
    'errors',
    'hooks',
    'intake',
    'mail',
    'metrics',
    'sim',
    'store',
    'version',
}
# The same for what the daemon does without.
MAY_IMPORT['frontage'] = {
    'api',
    'cloud',
    'conf',
    'domain',
    'engine',
    'policies',
    'web',
    'wiring',
}

# What would make the law depend on the hour, the machine or chance.
IMPURE = {
    'asyncio',
    'io',
    'logging',
    'os',
    'pathlib',
    'random',
    'secrets',
    'socket',
    'subprocess',
    'sys',
    'threading',
    'time',
}
# What is installed only where the tests of the Horizon dashboard run.
ELSEWHERE = {
    'django': ['Django'],
    'horizon': ['horizon'],
    'openstack_dashboard': ['horizon'],
}
CLOCK_CALLS = {'now', 'today', 'utcnow'}


class HouseTest(base.BaseTestCase):
    def test_every_module_belongs_to_a_known_room(self) -> None:
        strangers = {room(path) for path in modules()} - MAY_IMPORT.keys()

        self.assertEqual(set(), strangers - {'__init__'})

    def test_rooms_import_only_what_their_row_allows(self) -> None:
        refused = [
            f'{path} imports {name}'
            for path in modules()
            for name in imports(path)
            if inside(name) and not allowed(room(path), name)
        ]

        self.assertEqual([], refused)

    def test_no_import_is_relative(self) -> None:
        relative = [
            f'{path}:{node.lineno}'
            for path in modules()
            for node in ast.walk(tree(path))
            if isinstance(node, ast.ImportFrom) and node.level
        ]

        self.assertEqual([], relative)

    def test_every_library_in_use_is_a_requirement(self) -> None:
        libraries = {
            name.split('.')[0]
            for path in modules()
            for name in imports(path)
            if not inside(name)
        } - sys.stdlib_module_names
        providers = {**ELSEWHERE, **metadata.packages_distributions()}

        self.assertEqual(
            set(),
            {
                library
                for library in libraries
                if not required() & {*map(plain, providers.get(library, ()))}
            },
        )

    def test_the_domain_imports_only_the_pure_standard_library(self) -> None:
        pure = sys.stdlib_module_names - IMPURE
        refused = [
            f'{path} imports {name}'
            for path in modules('domain')
            for name in imports(path)
            if not inside(name) and name.split('.')[0] not in pure
        ]

        self.assertEqual([], refused)

    def test_the_domain_never_asks_the_clock(self) -> None:
        asked = [
            f'{path}:{node.lineno}'
            for path in modules('domain')
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in CLOCK_CALLS
        ]

        self.assertEqual([], asked)


def required() -> set[str]:
    """Return the plain names of what is asked for, extras among it."""
    text = (ROOT / 'requirements.txt').read_text(encoding='utf-8')
    setup = configparser.ConfigParser()
    setup.read(ROOT / 'setup.cfg', encoding='utf-8')
    extras = '\n'.join(setup['options.extras_require'].values())
    names = re.findall(r'^[\w.-]+', text + extras, re.M)
    return {plain(name) for name in names}


def plain(distribution: str) -> str:
    return re.sub(r'[-_.]+', '-', distribution).lower()


def modules(folder: str = '') -> Iterator[pathlib.Path]:
    """Yield the house's modules, as paths from the top of the project."""
    for path in sorted((ROOT / HOUSE / folder).rglob('*.py')):
        yield path.relative_to(ROOT)


def tree(path: pathlib.Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding='utf-8'))


def room(path: pathlib.Path) -> str:
    return path.parts[1].removesuffix('.py')


def imports(path: pathlib.Path) -> Iterator[str]:
    """Yield the full name of everything that a module imports."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f'{node.module}.{name.name}' for name in node.names)


def inside(name: str) -> bool:
    return name.split('.')[0] == HOUSE


def allowed(importer: str, name: str) -> bool:
    target = name.split('.')[1:]
    open_to = MAY_IMPORT.get(importer, set()) | {importer}
    return any(
        target[: len(names)] == names
        for names in (entry.split('.') for entry in open_to)
    )
