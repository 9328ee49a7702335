#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""files.py ROOT -- what a file begins with, and how long it may be.

First line: the licence. Second: /* name -- purpose (a program may have its arguments before the dashes). At most
MOST lines; a public header, half of which are comments, at most twice that. No tab, no blank at a line's end.
"""
import os
import re
import sys

MOST = 800
LICENCE = '/* SPDX-License-Identifier: MPL-2.0 */\n'


def check(path, name):
    lines = open(path, encoding='utf-8').readlines()
    if lines[:1] != [LICENCE]:
        yield f'{path}:1: the first line is {LICENCE.strip()}'
    stem = re.escape(name.rpartition('.')[0])
    if not re.match(rf'/\* {stem}(\.[ch])?\b[^\n]* -- \S', lines[1] if len(lines) > 1 else ''):
        yield f'{path}:2: the second line says what it is for: /* {name.rpartition(".")[0]} -- …'
    most = 2 * MOST if '/include/' in path else MOST
    if len(lines) > most:
        yield f'{path}: {len(lines)} lines, more than {most}'
    for no, line in enumerate(lines, 1):
        if '\t' in line or re.search(r'[ \r]$', line.rstrip('\n')):
            yield f'{path}:{no}: a tab, or a blank at the end'


def main(root):
    bad = []
    os.chdir(root)
    for top in ('core', 'sdk', 'plugins', 'tests'):
        for folder, _, names in os.walk(top):
            for name in sorted(n for n in names if n.endswith(('.c', '.h'))):
                bad += check(os.path.join(folder, name), name)
    print('\n'.join(bad) if bad else 'files: ok')
    return 1 if bad else 0


sys.exit(main(sys.argv[1]))
