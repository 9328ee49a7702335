#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""names.py README PROGRAM... -- the tests that the page lists are the ones that the programs have, each once.

The page's rows: | Barrier | 10 | `test_barrier` `test_barrier_10` … |. A program says what it has with --list, one
`Barrier.test_barrier` a line.
"""
import collections
import re
import subprocess
import sys

ROW = re.compile(r'^\| (?:\[)?(\w+)(?:\]\([^)]*\))? \| (\d+) \| (.*) \|$', re.M)


def listed(page):
    for of, n, names in ROW.findall(open(page, encoding='utf-8').read()):
        names = re.findall(r'`(\w+)`', names)
        if len(names) != int(n):
            sys.exit(f'names: {of} has {len(names)} names, the page says {n}')
        yield from (f'{of}.{name}' for name in names)


def main(page, programs):
    want = collections.Counter(listed(page))
    have = collections.Counter(name for p in programs for name in
                               subprocess.run([p, '--list'], stdout=subprocess.PIPE, text=True, check=True).stdout.split())
    bad = [f'not tested: {name}' for name in want - have] + [f'not listed: {name}' for name in have - want]
    if not want:
        bad.append(f'{page} lists nothing')
    print('\n'.join(bad) if bad else f'names: ok ({len(have)})')
    return 1 if bad else 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
