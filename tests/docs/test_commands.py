# SPDX-License-Identifier: Apache-2.0
"""Whatever the documentation tells its reader to type is typed here.

A page's commands are run one after the other in a shell. What the page says
that they answer has to be what they answer, but for `...`. A block that is
not run says so, and why: `:class: not-run REASON`.
"""

import doctest
import pathlib
from typing import Any

from oslotest import base
import testscenarios

from tests.docs import pages
from tests.docs import surroundings

load_tests = testscenarios.load_tests_apply_scenarios
_ROOT = pages.ROOT.parents[1]
_LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def _run(page: str) -> list[pages.Block]:
    return [block for block in pages.blocks(page) if block.is_run]


class TestCommands(base.BaseTestCase):
    """One test for each page that has commands to run."""

    page: str
    scenarios = [
        (page.removesuffix('.rst').replace('/', '-'), {'page': page})
        for page in pages.names()
        if _run(page) and page not in pages.RUN_ELSEWHERE
    ]

    def test_do_what_their_page_says(self) -> None:
        here = self.useFixture(surroundings.Surroundings())
        self._make_files(here.folder)
        commands = [
            (block, command)
            for block in _run(self.page)
            for command in block.commands()
        ]
        code, answers = here.run([command.typed for _, command in commands])
        for (block, command), answer in zip(commands, answers, strict=False):
            self._compare(block, command, answer)
        block, command = commands[len(answers) - 1]
        told = f'{block.where}: {command.typed}\n{answers[-1]}'
        self.assertEqual((0, len(commands)), (code, len(answers)), told)

    def _make_files(self, folder: pathlib.Path) -> None:
        for block in pages.blocks(self.page):
            if block.file and '/' not in block.file:
                name = folder / block.file
                name.write_text(f'{block.text}\n', encoding='utf-8')

    def _compare(
        self, block: pages.Block, command: pages.Command, answer: str
    ) -> None:
        wanted = command.answered.strip()
        if not wanted:
            return
        checker: Any = doctest.OutputChecker()
        if not checker.check_output(f'{wanted}\n', answer, _LIKE):
            self.fail(
                f'{block.where}: {command.typed}\nis to answer\n{wanted}\n'
                f'and answers\n{answer}'
            )


class TestMarks(base.BaseTestCase):
    def test_what_is_not_run_says_why(self) -> None:
        wrong = [
            block.where
            for page in pages.names()
            for block in pages.blocks(page)
            if pages.NOT_RUN in block.classes
            and not pages.REASONS.keys() & set(block.classes)
        ]
        self.assertEqual([], wrong)

    def test_commands_stand_in_blocks_that_are_looked_at(self) -> None:
        wrong = [
            block.where
            for page in pages.names()
            if page not in pages.RUN_ELSEWHERE
            for block in pages.blocks(page)
            if block.language in pages.SHELLS
            and pages.NOT_RUN not in block.classes
        ]
        self.assertEqual([], wrong)

    def test_no_block_is_without_its_language(self) -> None:
        wrong = [
            f'{page}:{number}'
            for page in pages.names()
            for number, line in enumerate(
                (pages.ROOT / page).read_text().splitlines(), 1
            )
            if line.endswith('::') and not line.lstrip().startswith('..')
        ]
        self.assertEqual([], wrong)

    def test_a_block_for_the_terminal_has_something_to_type(self) -> None:
        wrong = [
            block.where
            for page in pages.names()
            for block in pages.blocks(page)
            if block.language == 'console'
            and not block.text.startswith(('$ ', '# '))
        ]
        self.assertEqual([], wrong)

    def test_what_is_run_elsewhere_is_run_there(self) -> None:
        for page, place in pages.RUN_ELSEWHERE.items():
            folder = _ROOT / place
            told = ''.join(path.read_text() for path in folder.rglob('*.py'))
            self.assertIn(pathlib.Path(page).name, told)
