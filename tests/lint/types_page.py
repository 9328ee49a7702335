#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""types_page.py HOLDFASTD HOLDFAST PAGE [--write] [EXAMPLE.so…] -- PAGE says what the shipped types are, as a manager describes them.

Starts HOLDFASTD without a configuration, with each EXAMPLE beside what is shipped, and asks by the tool HOLDFAST: what is served is what is told, whichever plugins
there are. The part of PAGE between its two marks must be just that; --write makes it so.
"""
import difflib
import json
import os
import subprocess
import sys
import tempfile

BEGIN = '<!-- types: from here on written by ./dev docs, from what holdfastd serves -->\n'
END = '<!-- end of types -->\n'
DEADLINE = 30


def ask(tool, endpoint, *words):
    done = subprocess.run([tool, '-m', endpoint, '-t', str(DEADLINE), '--json', *words], text=True, capture_output=True)
    if done.returncode != 0:
        sys.exit(f'types_page: holdfast {" ".join(words)}: {done.stderr.strip()}')
    return json.loads(done.stdout)


def served(holdfastd, tool, examples):
    """Gives (plugin, description) of each type, those that only others make too, in the order they were loaded."""
    with tempfile.TemporaryDirectory() as folder:
        endpoint = f'ipc://{folder}/manager.sock'
        ready, told = os.pipe()
        manager = subprocess.Popen([holdfastd, '--bind', endpoint, '--ready-fd', str(told),
                                    *(word for path in examples for word in ('--plugin', path))], pass_fds=[told],
                                   stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, 'XDG_RUNTIME_DIR': folder})
        os.close(told)
        if not os.read(ready, 1):
            sys.exit(f'types_page: the manager did not start:\n{manager.communicate()[1]}')
        try:
            types = ask(tool, endpoint, 'stats')['types']
            return [(what['plugin'], ask(tool, endpoint, 'describe', name)) for name, what in types.items()
                    if what['plugin'] != 'holdfast'], ask(tool, endpoint, 'types')
        finally:
            manager.terminate()
            manager.communicate(timeout=DEADLINE)


def cell(text):
    return text.replace('|', '\\|')


def call_form(name, signature):
    """'add' and 'n: int -> int' as add(n: int) -> int."""
    head, arrow, tail = signature.rpartition('->')
    if not arrow:
        head, tail = signature, ''
    return f'{name}({head.strip()})' + (f' -> {tail.strip()}' if arrow else '')


def rows(methods):
    yield '| method | | |\n| --- | --- | --- |\n'
    for m in methods:
        yield f'| `{cell(call_form(m["name"], m["signature"]))}` | {", ".join(m["flags"])} | {cell(m["doc"])} |\n'


def page(types, creatable, examples):
    common = [m for m in types[0][1]['methods'] if all(m in t['methods'] for _, t in types)]
    told = []  # (typeid, its own methods)
    yield BEGIN
    if common:
        yield '\n## Every referent\n\n'
        yield from rows(common)
    for k, (plugin, t) in enumerate(types):
        if k == 0 or plugin != types[k - 1][0]:
            yield f'\n## {plugin}\n'
            if plugin in examples:
                yield (f'\nAn example, [{plugin}.c](examples/{plugin}.c): it is installed, and served where that is asked for '
                       f'(`--plugin {plugin}.so`).\n')
        yield f'\n### {t["typeid"]}\n\n'
        if t['typeid'] in creatable:
            yield f'`{call_form(t["typeid"], t["signature"])}`\n\n'
        yield t['doc'] + ('' if t['typeid'] in creatable else ' It cannot be created.')
        own = [m for m in t['methods'] if m not in common]
        like = next((name for name, methods in told if methods == own), None)
        if like is None:
            yield '\n\n'
            yield from rows(own)
        else:
            yield f' Its methods are those of [{like}](#{like.lower()}).\n'
        told.append((t['typeid'], own))
    yield '\n' + END


def undocumented(types):
    for _, t in types:
        for what, doc in [(t['typeid'], t['doc'])] + [(f'{t["typeid"]}.{m["name"]}', m['doc']) for m in t['methods']]:
            if not doc.endswith('.') or '\n' in doc:
                yield f'{what}: its doc is one line that ends with a full stop, not {doc!r}'


def main(holdfastd, tool, path, *more):
    examples = [os.path.abspath(word) for word in more if word != '--write']
    names = [os.path.basename(example)[:-len('.so')] for example in examples]
    types, creatable = served(holdfastd, tool, examples)
    bad = list(undocumented(types))
    if bad:
        sys.exit('\n'.join(bad))
    text = open(path, encoding='utf-8').read()
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        sys.exit(f'{path}: the marks are gone:\n{BEGIN}{END}')
    wanted = text[:text.index(BEGIN)] + ''.join(page(types, creatable, names)) + text[text.index(END) + len(END):]
    if '--write' in more:
        open(path, 'w', encoding='utf-8').write(wanted)
    elif wanted != text:
        sys.stdout.writelines(difflib.unified_diff(text.splitlines(True), wanted.splitlines(True), path, 'as served', n=0))
        sys.exit(f'{path} is not what holdfastd serves. This writes it anew:\n    ./dev docs\nor, with a build at hand:\n'
                 f'    python3 tests/lint/types_page.py BUILD/core/holdfastd BUILD/sdk/tool/holdfast {path} --write BUILD/plugins/{{{",".join(names)}}}.so')
    print(f'types page: ok ({len(types)} types, {sum(len(t["methods"]) for _, t in types)} methods)')


main(*sys.argv[1:])
