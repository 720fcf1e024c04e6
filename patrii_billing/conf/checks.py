# SPDX-License-Identifier: Apache-2.0
"""What oslo.config lets pass: misspelt names, and values nobody asked for."""

import collections
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import difflib
import glob
import os
import stat

from keystoneauth1 import exceptions as keystone_errors
from keystoneauth1 import loading as ks_loading
from oslo_config import cfg

from patrii_billing.conf import webhooks

# Read by other programs that share the file, with options that depend on
# what is installed there.
_ELSEWHERE = frozenset({
    'cors',
    'keystone_authtoken',
    'oslo_concurrency',
    'oslo_limit',
    'oslo_middleware',
    'oslo_policy',
    'profiler',
})  # fmt: skip

_DEFAULT = 'DEFAULT'


def check(conf: cfg.ConfigOpts) -> None:
    """Raises cfg.Error that names the first section and option amiss."""
    _register_auth_plugin(conf)
    webhooks.register_named(conf)
    _check_names(conf)
    _check_values(conf)


def exposed(conf: cfg.ConfigOpts) -> Sequence[str]:
    """The secrets of files that everybody on this host can read; a line each.

    What is wrong with a file that is not there is said elsewhere.
    """
    known: dict[str, set[str]] = collections.defaultdict(set)
    for section, option in _registered(conf):
        if option.secret:
            known[section] |= {option.name, option.dest}
    found = []
    for path in _files(conf):
        if not os.path.exists(path) or not _is_public(path):
            continue
        held = [
            f'[{section}] {name}'
            for section, names in _read(path).items()
            # Of other programs only the names tell.
            for name in sorted(names)
            if name in known[section] or name.endswith(('password', 'secret'))
        ]
        if held:
            found.append(
                f'{path} holds {", ".join(held)} and everybody on this host '
                f'can read it: chmod 640 {path}'
            )
    return found


def _is_public(path: str) -> bool:
    """Whether others than its owner and group can read it, or replace it."""
    return bool(os.stat(path).st_mode & (stat.S_IROTH | stat.S_IWOTH))


def _register_auth_plugin(conf: cfg.ConfigOpts) -> None:
    """Keystone's plugins have options of their own, in a section of choice."""
    ks_loading.register_auth_conf_options(conf, 'nova')
    section = conf.nova.auth_section or 'nova'
    # Where none is chosen, that is what is wrong, and not its options.
    chosen = conf[section].auth_type or 'password'
    try:
        options = ks_loading.get_auth_plugin_conf_options(chosen)
    except keystone_errors.NoMatchingPlugin as error:
        raise cfg.Error(f'[{section}] auth_type: {error}') from None
    conf.register_opts(options, group=section)


def _check_names(conf: cfg.ConfigOpts) -> None:
    known = _known(conf)
    for path in _files(conf):
        for section, names in _read(path).items():
            # A section in which nothing is said is one of a sample's.
            if section in _ELSEWHERE or not names:
                continue
            if section not in known:
                near = _near(section, (*known, *_ELSEWHERE))
                raise cfg.Error(
                    f'[{section}] in {path}: unknown section{near}'
                )
            for name in sorted(names - known[section]):
                near = _near(name, known[section]) or _home(name, known)
                raise cfg.Error(
                    f'[{section}] {name} in {path}: unknown option{near}'
                )


def _near(name: str, known: Iterable[str]) -> str:
    """What was probably meant."""
    found = difflib.get_close_matches(name, sorted(known), 1, 0.7)
    return f'; {found[0]}?' if found else ''


def _home(name: str, known: Mapping[str, set[str]]) -> str:
    """Where such an option belongs, if that is one place."""
    homes = sorted(section for section in known if name in known[section])
    return f'; it belongs to [{homes[0]}]' if len(homes) == 1 else ''


def _check_values(conf: cfg.ConfigOpts) -> None:
    """oslo.config would raise only when somebody asks for the value."""
    for section, option in _registered(conf):
        try:
            (conf if section == _DEFAULT else conf[section])[option.dest]
        except (cfg.Error, ValueError) as error:
            why = str(error).rpartition(' is not valid: ')[2]
            raise cfg.Error(f'[{section}] {option.name}: {why}') from None


def _registered(conf: cfg.ConfigOpts) -> Iterator[tuple[str, cfg.Opt]]:
    # Private to oslo.config, whose public iterators hide former names.
    for info, group in conf._all_opt_infos():
        yield group.name if group else _DEFAULT, info['opt']


def _known(conf: cfg.ConfigOpts) -> Mapping[str, set[str]]:
    """What a file may hold, by section; former names and places, too."""
    known: dict[str, set[str]] = collections.defaultdict(set)
    for section, option in _registered(conf):
        known[section] |= {option.name, option.dest}
        for former in option.deprecated_opts:
            known[former.group or section].add(former.name or option.dest)
    return known


def _files(conf: cfg.ConfigOpts) -> Iterator[str]:
    yield from conf.config_file or ()
    for folder in conf.config_dir or ():
        yield from sorted(glob.glob(os.path.join(folder, '*.conf')))


def _read(path: str) -> Mapping[str, set[str]]:
    """Names by section, whose case matters as little as to oslo.config."""
    sections: dict[str, dict[str, list[str]]] = {}
    cfg.ConfigParser(path, sections).parse()
    found: dict[str, set[str]] = collections.defaultdict(set)
    for section, assigned in sections.items():
        name = section if section == _DEFAULT else section.lower()
        found[name] |= assigned.keys()
    return found
