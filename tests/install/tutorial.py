#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""tutorial.py TREE PAGE WORK -- what PAGE tells a newcomer to do is done, against the installed TREE, and gives what it shows.

A block behind `<!-- file: PATH -->` is that file. In a console block a line `$ COMMAND` is typed into one shell, and the
lines below it are what it prints: `...` is any lines, `…` any text. Everything else is prose.
"""
import os
import re
import shutil
import subprocess
import sys

BLOCK = re.compile(r'(?:<!-- file: (\S+) -->\n)?```(\w*)\n(.*?)```\n', re.S)
DEADLINE = 300


def steps(page):
    """Gives ('file', path, text) and ('type', command, what is shown)."""
    for path, kind, text in BLOCK.findall(page):
        if path:
            yield 'file', path, text
        elif kind == 'console':
            for part in re.split(r'^\$ ', text, flags=re.M)[1:]:
                command, _, shown = part.partition('\n')
                yield 'type', command, shown


def script(plan):
    """One shell types all of it; what each command prints, and its status, go to files."""
    yield 'typed=$PWD/.typed; mkdir -p $typed'
    for k, (kind, what, text) in enumerate(plan):
        if kind == 'file':
            yield f'mkdir -p "$(dirname {what})"; cp $typed/../.files/{k} {what}'
            continue
        yield f'{{ {what}\n}} >$typed/{k} 2>&1; echo $? >$typed/{k}.status'
        if what.startswith('holdfastd '):
            yield 'for _ in $(seq 1000); do holdfast -t 1 ping >/dev/null 2>&1 && break; done'


def matches(shown, printed):
    form = ''.join(r'(?:.*\n)*?' if line == '...\n' else re.escape(line).replace('…', '.*')
                   for line in shown.splitlines(True))
    return re.fullmatch(form, printed) is not None


def environment(tree, work):
    libdir = next(os.path.join(tree, d) for d in ('lib', 'lib64', 'lib/x86_64-linux-gnu')
                  if os.path.exists(os.path.join(tree, d, 'pkgconfig/holdfast.pc')))
    run_dir = os.path.join(work, '.run')
    os.mkdir(run_dir, 0o700)
    env = {k: v for k, v in os.environ.items() if k != 'HOLDFAST'}
    return {**env, 'PATH': f'{tree}/bin:{env["PATH"]}', 'CMAKE_PREFIX_PATH': tree, 'XDG_RUNTIME_DIR': run_dir,
            'PKG_CONFIG_PATH': f'{libdir}/pkgconfig', 'LD_LIBRARY_PATH': libdir}


def main(tree, page, work):
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(os.path.join(work, '.files'), 0o755)
    plan = list(steps(open(page, encoding='utf-8').read()))
    commands = sum(kind == 'type' for kind, _, _ in plan)
    if commands < 15:
        sys.exit(f'{page}: only {commands} commands: are they still written as this test reads them?')
    for k, (kind, _, text) in enumerate(plan):
        if kind == 'file':
            with open(os.path.join(work, '.files', str(k)), 'w', encoding='utf-8') as to:
                to.write(text)
    env = environment(tree, work)
    try:
        subprocess.run(['bash', '-c', '\n'.join(script(plan))], cwd=work, env=env, timeout=DEADLINE, check=False)
    finally:
        subprocess.run([f'{tree}/bin/holdfast', '-t', '5', 'shutdown', '0'], env=env, capture_output=True, check=False)
    bad = []
    for k, (kind, command, shown) in enumerate(plan):
        if kind == 'file':
            continue
        said = os.path.join(work, '.typed', str(k))
        printed = open(said, encoding='utf-8').read() if os.path.exists(said) else '(never typed)\n'
        status = open(f'{said}.status').read().strip() if os.path.exists(f'{said}.status') else 'none'
        if status != '0' or not (command.endswith('&') or matches(shown, printed)):
            bad.append(f'$ {command}\n{printed}(status {status}; the page shows)\n{shown}')
    print('\n'.join(bad) if bad else f'tutorial: {commands} commands, ok')
    return 1 if bad else 0


sys.exit(main(*(os.path.abspath(word) for word in sys.argv[1:])))
