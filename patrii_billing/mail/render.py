# SPDX-License-Identifier: Apache-2.0
"""Templates found by language and plan, an operator's before the packaged."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import contextlib
import functools
import pathlib
import re
import traceback
from typing import Any

import jinja2

from patrii_billing.domain import mail as mails
from patrii_billing import errors

PACKAGED = pathlib.Path(__file__).parent / 'templates'
# Below the operator's folder: one folder for each plan with words of its own.
PLANS = 'plans'
PARTS = ('subject', 'txt', 'html')
Folders = tuple[pathlib.Path, ...]


def folders(templates: str, plan: str = '') -> Folders:
    """An operator's folders for the notices of a plan, the first one first."""
    if not templates:
        return ()
    own = pathlib.Path(templates)
    special = own / PLANS / plan
    # A plan's name is anybody's text, and must not lead elsewhere.
    if special.parent == own / PLANS and plan != '..' and special.is_dir():
        return special, own
    return (own,)


def plans(templates: str) -> list[str]:
    """The plans that have words of their own."""
    return below(pathlib.Path(templates) / PLANS) if templates else []


def languages(own: Folders) -> list[str]:
    """Every locale that has templates."""
    found = {
        name for folder in (*own, PACKAGED) for name in below(folder)
    }
    return sorted(found - {PLANS})


def is_special(templates: str, plan: str, template: str) -> bool:
    """Whether a plan has a notice, or what all share, as words of its own."""
    folder = pathlib.Path(templates) / PLANS / plan
    return any(folder.glob(f'*/{template}.*.j2')) or any(
        path.name.split('.')[0] not in mails.TEMPLATES
        for path in folder.rglob('*')
        if path.is_file()
    )


def below(folder: pathlib.Path) -> list[str]:
    """The names of the folders in one, if it is one."""
    if not folder.is_dir():
        return []
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.is_dir() and not path.name.startswith('.')
    )


def language(own: Folders, template: str, languages: Sequence[str]) -> str:
    """The first language that has a template. Raises MailNotWritten."""
    names = [f'{one}/{template}.txt.j2' for one in languages]
    with _blamed_on(names[-1]):
        found = _environment(own).select_template(names)
    return str(found.name).split('/')[0]


def rendered(own: Folders, name: str, view: Mapping[str, Any]) -> str:
    """What a template makes of the view. Raises MailNotWritten."""
    with _blamed_on(name):
        return _environment(own).get_template(name).render(view)


@contextlib.contextmanager
def _blamed_on(name: str) -> Iterator[None]:
    """An operator's template is a program: anything may come of it."""
    try:
        yield
    except Exception as error:
        raise errors.MailNotWritten(
            f'{_place(error, name)}: {type(error).__name__}: {error}'
        ) from error


def _place(error: Exception, name: str) -> str:
    """The file and the line, where they are known."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f'{error.filename or name}:{error.lineno}'
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if frame.filename.endswith(('.j2', '.css')):
            return f'{frame.filename}:{frame.lineno}'
    return name


def _possible(command: str, ids: Mapping[str, str]) -> bool:
    """Whether all is known that a command needs."""
    return all(ids.get(name) for name in re.findall(r'%\((\w+)\)s', command))


@functools.cache
def _environment(own: Folders) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*own, PACKAGED]),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(
            disabled_extensions=('subject.j2', 'txt.j2'), default=True
        ),
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests['possible'] = _possible
    return environment
