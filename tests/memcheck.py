#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""memcheck.py BUILD [JOBS [PATTERN]] -- tests under valgrind's memcheck: no wrong access, no use of what was never
written, no leak.

The unit tests, wholly; and the manager in those tests with real processes that CHOICE names. (Their own processes are
not run under it: the harness waits by pidfds, which valgrind 3.19 does not know. The others of them measure time, or
limit the address space.) Exit status 1 where a test fails, or valgrind says anything at all.
"""
import glob
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

CHOICE = ('e2e.wire', 'e2e.types', 'e2e.lock', 'e2e.tool', 'fault.relayed', 'fault.soak')
SKIPPED = ('unit.shell.peer',)  # pidfds are what it tests
SLOWNESS = 20
IGNORED = re.compile(r'--\d+-- (WARNING: unhandled amd64-linux syscall: 434|You may be able to write|Read the file README_MIS'
                     r'|Nevertheless we consider|it at http)[^\n]*\n')  # pidfd_open
OPTIONS = ['--quiet', '--error-exitcode=99', '--leak-check=full', '--errors-for-leak-kinds=definite',
           '--show-leak-kinds=definite', '--num-callers=30', '--trace-children=no', '--fair-sched=try',
           f'--suppressions={os.path.join(os.path.dirname(os.path.abspath(__file__)), "memcheck.supp")}']


def tests_of(build, pattern):
    """[(name, whether wholly, command, folder, seconds)] of what is to be run."""
    shown = subprocess.run(['ctest', '--test-dir', build, '--show-only=json-v1'], check=True, capture_output=True)
    for test in json.loads(shown.stdout)['tests']:
        given = {p['name']: p['value'] for p in test.get('properties', [])}
        is_unit = 'unit' in given.get('LABELS', [])
        if (is_unit or test['name'] in CHOICE) and test['name'] not in SKIPPED and re.search(pattern, test['name']):
            yield test['name'], is_unit, test['command'], given.get('WORKING_DIRECTORY', '.'), given.get('TIMEOUT', 60)


def run(logs, name, is_unit, command, folder, seconds):
    """What went wrong; '' where nothing did."""
    begun = time.monotonic()
    log = os.path.join(logs, name)
    options = OPTIONS + [f'--log-file={log}.%p']
    manager = {} if is_unit else {'E2E_VALGRIND': '1', 'VALGRIND_OPTS': ' '.join(options)}
    try:
        ended = subprocess.run((['valgrind'] + options if is_unit else []) + command, cwd=folder,
                               env={**os.environ, **manager}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               timeout=seconds * SLOWNESS, check=False)
        status, text = ended.returncode, ended.stdout.decode(errors='replace')
    except subprocess.TimeoutExpired:
        status, text = 'late', ''
    said = ''.join(open(path, encoding='utf-8', errors='replace').read() for path in sorted(glob.glob(f'{log}.*')))
    said = IGNORED.sub('', said)
    is_bad = status != 0 or said
    print(f'{"FAILED" if is_bad else "ok":6} {time.monotonic() - begun:6.1f} s  {name}', flush=True)
    return f'==== {name}: status {status}\n{text if status else ""}{said}' if is_bad else ''


def main(build, jobs='2', pattern=''):
    logs = os.path.abspath(os.path.join(build, 'memcheck'))
    os.makedirs(logs, exist_ok=True)
    for old in glob.glob(os.path.join(logs, '*')):
        os.remove(old)
    tests = list(tests_of(build, pattern))
    if not tests:
        print(f'no test is called {pattern}')
        return 1
    with ThreadPoolExecutor(int(jobs)) as pool:
        bad = [b for b in pool.map(lambda test: run(logs, *test), tests) if b]
    print('\n'.join(bad) if bad else f'memcheck: {len(tests)} tests, nothing')
    return 1 if bad else 0


sys.exit(main(*sys.argv[1:]))
