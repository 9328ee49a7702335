#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""memcheck.py BUILD [JOBS [PATTERN]] -- tests under valgrind's memcheck: no wrong access, no use of what was never
written, no leak.

The unit tests run wholly under it. Of the end-to-end and fault tests each manager does, and each replay of what it
recorded (E2E_VALGRIND tells their harness, tests/e2e/harness.h, which is patient then); of those that WHOLE names, the
client's own process too. NOT_RUN says what does not run at all. Exit status 1 where a test fails, or valgrind says
anything.
"""
import glob
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

NOT_RUN = {
    'unit.shell.peer': 'pidfds are what it tests: valgrind 3.19 has none',
    'e2e.checked': 'its plugins write where they must not, on purpose',
}
# Those that use libholdfast as programs do. Not e2e.fork: its children have no way to what the parent's other threads had
# in hand, which is a leak by valgrind's reckoning. Nor e2e.gc: its collector wants the stacks to itself.
WHOLE = ('e2e.types', 'e2e.slow', 'e2e.token', 'e2e.policy', 'e2e.death', 'e2e.offload', 'e2e.lock', 'e2e.far')
# With these first no CPU waits for the last one.
LONGEST = ('e2e.far', 'e2e.wire', 'e2e.fork', 'unit.plugins.limit', 'e2e.token', 'e2e.death', 'e2e.types', 'e2e.policy',
           'e2e.start', 'e2e.bounds')
LABELS = {'unit', 'e2e'}
SLOWNESS = 20
IGNORED = re.compile(r'--\d+-- (WARNING: unhandled amd64-linux syscall: 434|You may be able to write|Read the file README_MIS'
                     r'|Nevertheless we consider|it at http)[^\n]*\n')  # pidfd_open
OPTIONS = ['--quiet', '--error-exitcode=99', '--leak-check=full', '--errors-for-leak-kinds=definite',
           '--show-leak-kinds=definite', '--num-callers=30', '--trace-children=no', '--fair-sched=try',
           f'--suppressions={os.path.join(os.path.dirname(os.path.abspath(__file__)), "memcheck.supp")}']


def tests_of(build, pattern):
    """[(name, labels, command, folder, seconds)] of what is to be run, the longest first."""
    shown = subprocess.run(['ctest', '--test-dir', build, '--show-only=json-v1'], check=True, capture_output=True)
    found = []
    for test in json.loads(shown.stdout)['tests']:
        given = {p['name']: p['value'] for p in test.get('properties', [])}
        labels = set(given.get('LABELS', []))
        if labels & LABELS and test['name'] not in NOT_RUN and re.search(pattern, test['name']):
            found.append((test['name'], labels, test['command'], given.get('WORKING_DIRECTORY', '.'),
                          given.get('TIMEOUT', 60)))
    return sorted(found, key=lambda test: LONGEST.index(test[0]) if test[0] in LONGEST else len(LONGEST))


def wrap(holdfastd, logs):
    """A holdfastd under valgrind, for scripts and programs that are given the path of one."""
    wrapper = os.path.join(logs, 'holdfastd')
    with open(wrapper, 'w', encoding='utf-8') as to:
        to.write(f'#!/bin/sh\nexec valgrind {holdfastd} "$@"\n')
    os.chmod(wrapper, 0o755)
    return wrapper


def run(paths, logs, name, labels, command, folder, seconds):
    """Whether it went well."""
    begun = time.monotonic()
    log = os.path.join(logs, name)
    environment = {**os.environ, 'VALGRIND_OPTS': ' '.join(OPTIONS + [f'--log-file={log}.%p'])}
    if 'e2e' in labels:
        environment['E2E_VALGRIND'] = '1'
        command = [paths.get(word, word) for word in command]
    if 'unit' in labels or name in WHOLE:
        command = ['valgrind', *command]
    try:
        ended = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, timeout=seconds * SLOWNESS, check=False)
        status, text = ended.returncode, ended.stdout.decode(errors='replace')
    except subprocess.TimeoutExpired as late:
        status, text = 'late', (late.stdout or b'').decode(errors='replace')
    n = 0
    said = ''
    for path in sorted(glob.glob(f'{log}.[0-9]*')):
        n += 1
        said += IGNORED.sub('', open(path, encoding='utf-8', errors='replace').read())
    is_bad = status != 0 or said
    print(f'{"FAILED" if is_bad else "ok":6} {time.monotonic() - begun:6.1f} s  {n:3} processes  {name}'
          + (f': status {status}\n{text if status else ""}{said}==== that was {name}' if is_bad else ''), flush=True)
    return not is_bad


def main(build, jobs='2', pattern=''):
    logs = os.path.abspath(os.path.join(build, 'memcheck'))
    os.makedirs(logs, exist_ok=True)
    for old in glob.glob(os.path.join(logs, '*')):
        os.remove(old)
    tests = tests_of(build, pattern)
    if not tests:
        print(f'no test is called {pattern}')
        return 1
    begun = time.monotonic()
    holdfastd = os.path.join(os.path.abspath(build), 'core', 'holdfastd')
    paths = {holdfastd: wrap(holdfastd, logs)}
    with ThreadPoolExecutor(int(jobs)) as pool:
        n_bad = sum(not is_well for is_well in pool.map(lambda test: run(paths, logs, *test), tests))
    print(f'memcheck: {len(tests)} tests in {time.monotonic() - begun:.0f} s, {n_bad or "none"} failed')
    return 1 if n_bad else 0


sys.exit(main(*sys.argv[1:]))
