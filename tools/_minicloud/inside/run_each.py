# SPDX-License-Identifier: Apache-2.0
"""Run several commands of one management tool, importing it only once.

Importing nova takes seconds, so each command is a fork of one parent:
run_each.py MODULE CONFIG_FILE ALLOWED_STATUS,.. -- WORD.. -- WORD..
"""

import importlib
import itertools
import os
import sys


def commands(words):
    groups = itertools.groupby(words, lambda word: word == '--')
    return [list(group) for is_mark, group in groups if not is_mark]


def main():
    tool = importlib.import_module(sys.argv[1])
    options = ['--config-file', sys.argv[2]]
    allowed = {int(code) for code in sys.argv[3].split(',')}
    for words in commands(sys.argv[4:]):
        child = os.fork()
        if not child:
            sys.argv[:] = [sys.argv[1], *options, *words]
            sys.exit(tool.main())
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code not in allowed:
            sys.exit(code if code > 0 else 1)


if __name__ == '__main__':
    main()
