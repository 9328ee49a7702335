#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""selftest.py CC -- each lint passes what is good and names what is bad.

A case is a tree of files, a lint, and what it must say of it (None: it must pass).
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LICENCE = '/* SPDX-License-Identifier: MPL-2.0 */\n'
LAYERS = 'registry/low\nregistry/high\nmachine/call machine/host\nshell/loop shell/loader\nholdfastd\n'
GOOD_DOC = '''/* hf_len -- how long it is.
 *
 * self       borrows   the thing
 * ret_size   gives     bytes
 *
 * Returns 0, or -1.
 * Thread: [any]. Blocks: no. Since: 1.0.
 */
'''
HEADER = 'sdk/include/holdfast/x.h'


def layers(path, text, says, **more):
    files = {'core/LAYERS': LAYERS, 'core/registry/low.h': '', 'core/registry/high.h': '', path: text}
    return ('layers.py', ['.'], {**files, **{k.replace('__', '/') + '.h': v for k, v in more.items()}}, says)


def walk(*stops):
    return {f'core/f{k}.c': f'/* WALK call {stop}: here */\n' for k, stop in enumerate(stops)}


CASES = [
    # layers.py: between rooms
    layers('core/registry/low.c', '#include "low.h"\n#include <string.h>\n#include <base/span.h>\n', None),
    layers('core/registry/low.c', '#include "low.h"\n#include "high.h"\n', 'registry/low (level 0) includes registry/high'),
    layers('core/registry/high.c', '#include "high.h"\n#include "low.h"\n', None),
    layers('core/registry/low.c', '#include <string.h>\n#include "low.h"\n', 'its own "low.h" comes first'),
    layers('core/registry/other.c', '', 'no line for it in core/LAYERS'),
    layers('core/registry/low.c', '#include "low.h"\n#include <machine/call.h>\n', 'core/registry may not include machine/'),
    layers('core/machine/call.c', '#include <registry/low.h>\n', None),
    layers('core/machine/call.c', '#include <shell/loop.h>\n', 'core/machine may not include shell/'),
    layers('core/machine/call.c', '#include "../registry/low.h"\n', 'is not in this folder'),
    layers('core/machine/call.c', '#include <registry/high.h>\n#include <nowhere/x.h>\n', 'unknown room nowhere/'),
    layers('core/registry/low.c', '#include "low.h"\n#include <registry/low.h>\n', 'it goes in quotes'),
    layers('core/registry/low.c', '#include "low.h"\n#include "base/span.h"\n', 'goes in angle brackets'),
    layers('sdk/client/proxy.c', '#include <machine/call.h>\n', 'sdk/client may not include machine/'),
    layers('core/shell/loop.c', '#include <client/proxy.h>\n', 'core/shell may not include client/'),
    # layers.py: what computes
    layers('core/machine/call.c', '#include <time.h>\n', 'time.h is not for this place'),
    layers('core/machine/call.c', '#include <sys/time.h>\n', 'sys/time.h is not for this place'),
    layers('core/shell/loop.c', '#include <sys/epoll.h>\n#include <time.h>\n#include <zmq.h>\n', None),
    layers('core/registry/low.c', '#include "low.h"\n#include <pthread.h>\n', 'pthread.h is not for this place'),
    layers('core/machine/call.c', '#include <zmq.h>\n', 'zmq.h belongs to'),
    layers('core/shell/loop.c', '#include <dlfcn.h>\n', 'dlfcn.h belongs to core/shell/loader.c'),
    layers('core/shell/loader.c', '#include <dlfcn.h>\n', None),
    layers('sdk/client/proxy.c', '#include <czmq.h>\n', 'czmq.h belongs to'),
    layers('sdk/client/engine.c', '#include <pthread.h>\n', 'pthread.h is not for this place'),
    layers('plugins/x/x.c', '#include <holdfast/plugin.h>\n#include <string.h>\n', None),
    layers('plugins/x/x.c', '#include <stdlib.h>\n', 'stdlib.h is not for this place'),
    layers('plugins/x/x.c', '#include <base/span.h>\n', 'plugins may not include base/'),
    layers('plugins/x/x.c', '#include <registry/low.h>\n', 'plugins may not include registry/'),
    layers(HEADER, '#include <holdfast/value.h>\n#include <stdint.h>\n', None),
    layers(HEADER, '#include <stdio.h>\n', 'stdio.h is not for this place'),
    layers(HEADER, '#include <czmq.h>\n', 'czmq.h belongs to'),
    layers('sdk/other/x.c', '', 'in no room'),
    # doc_shape.py
    ('doc_shape.py', [HEADER], {HEADER: GOOD_DOC + 'int hf_len(const void *self, size_t *ret_size);\n'}, None),
    ('doc_shape.py', [HEADER], {HEADER: GOOD_DOC + 'static inline int\nhf_len(const void *self, size_t *ret_size)\n{'}, None),
    ('doc_shape.py', [HEADER], {HEADER: GOOD_DOC + 'int hf_length(const void *self, size_t *ret_size);\n'},
     'comment must start "hf_length -- what it does"'),
    ('doc_shape.py', [HEADER], {HEADER: GOOD_DOC + 'int hf_len(const void *self, size_t *ret_len);\n'},
     'parameter ret_len missing'),
    ('doc_shape.py', [HEADER], {HEADER: GOOD_DOC + 'int hf_len(size_t *ret_size, const void *self);\n'},
     'parameter self missing or out of order'),
    ('doc_shape.py', [HEADER], {HEADER: 'HF_EXPORT int hf_len(void);\n'}, 'no doc comment directly above'),
    ('doc_shape.py', [HEADER], {HEADER: 'static inline int\nhf_len(void)\n{\n'}, 'no doc comment directly above'),
] + [
    ('doc_shape.py', [HEADER], {HEADER: GOOD_DOC.replace(word, '') + 'int hf_len(const void *self, size_t *ret_size);\n'},
     f'no "{word}"') for word in ('Returns', 'Thread:', 'Blocks:', 'Since:')
] + [
    # walks.py
    ('walks.py', ['.'], walk('1/2', '2/2'), None),
    ('walks.py', ['.'], walk('1/3', '3/3'), 'walk call: stops [1, 3] of [3]'),
    ('walks.py', ['.'], walk('1/2', '2/2', '2/2'), 'walk call: stops [1, 2, 2] of [2]'),
    ('walks.py', ['.'], walk('1/2', '2/3'), 'walk call: stops [1, 2] of [2, 3]'),
    ('walks.py', ['.'], walk(*(f'{k}/9' for k in range(1, 10))), '9 files, more than 8'),
    ('walks.py', ['.', '--want', 'call'], walk('1/1'), None),
    ('walks.py', ['.', '--want', 'call,park'], walk('1/1'), 'walk park: it is gone'),
    # magics.py
    ('magics.py', ['.'], {'core/a.c': 'enum { A_MAGIC = 0x1234abcd };\n', 'sdk/b.h': '#define B_MAGIC 0x1234abceu\n'}, None),
    ('magics.py', ['.'], {'core/a.c': 'enum { A_MAGIC = 0x1234abcd };\n', 'sdk/b.h': '#define B_MAGIC 0x1234ABCDu\n'},
     '0x1234abcd: core/a.c:1: A_MAGIC, sdk/b.h:1: B_MAGIC'),
    # sleep.sh
    ('sleep.sh', ['.'], {'tests/a.c': '/* never sleeps; sleep is bad */ x_sleep (1); int asleep;\n'}, None),
] + [
    ('sleep.sh', ['.'], {f'tests/a.{kind}': text}, f'tests/a.{kind}:1:') for kind, text in
    (('c', '    sleep(1);\n'), ('c', 'usleep (10);\n'), ('c', 'zclock_sleep(5);\n'), ('c', 'nanosleep(&t, NULL);\n'),
     ('py', 'time.sleep(1)\n'), ('sh', 'x; sleep 1\n'), ('sh', 'sleep $n\n'))
] + [
    # words.py
    ('words.py', ['.'], {'core/a.c': '/* the call of a referent is parked; the class of the name */\n'}, None),
    ('words.py', ['.'], {'core/a.c': '/* the remote object */\n'}, 'core/a.c:1: say referent, not "remote object"'),
    ('words.py', ['.'], {'a.md': 'An RPC\n'}, 'a.md:1: say call, not "RPC"'),
    ('words.py', ['.'], {'core/a.c': '/* its type name */\n'}, 'say typeid, not "type name"'),
    ('words.py', ['.'], {'core/a.c': '/* TODO(soon): faster */\n'}, None),
    ('words.py', ['.'], {'core/a.c': '/* TODO' + '(now): check */\n'}, 'is not for now'),
    ('words.py', ['.'], {'core/a.c': '/* TODO' + ': check */\n'}, 'is not for now'),
    ('words.py', ['.'], {'core/a.c': '/* FIX' + 'ME */\n'}, 'is not for now'),
    # examples.py
    ('examples.py', ['.', 'cc'], {'a.md': '# A\n```c\n#include <math.h>\ndouble x = 1.0;\nif (x > 0)\n    puts("");\n```\n'}, None),
    ('examples.py', ['.', 'cc'], {'a.md': '# A\n```c\nstatic int\nf(void)\n{\n    return 1;\n}\n```\n'}, None),
    ('examples.py', ['.', 'cc'], {'a.md': '# A\n\n```c\nint x = y;\n```\n'}, 'a.md:3: the example does not compile'),
    ('examples.py', ['.', 'cc'], {'a.md': '# A\n```sh\nint x = y;\n```\n'}, None),
    # files.py
    ('files.py', ['.'], {'core/a.c': LICENCE + '/* a -- is first. */\n'}, None),
    ('files.py', ['.'], {'tests/a.c': LICENCE + '/* a FILE N -- is a program. */\n'}, None),
    ('files.py', ['.'], {'core/a.c': '/* a -- is first. */\n'}, 'core/a.c:1: the first line is'),
    ('files.py', ['.'], {'core/a.c': LICENCE + '/* b -- is second. */\n'}, 'core/a.c:2: the second line says'),
    ('files.py', ['.'], {'core/a.c': LICENCE + '/* a -- is first. */\n' + '\n' * 799}, 'core/a.c: 801 lines'),
    ('files.py', ['.'], {'core/a.c': LICENCE + '/* a -- is first. */\n\tint x;\n'}, 'core/a.c:3: a tab'),
    ('files.py', ['.'], {'core/a.c': LICENCE + '/* a -- is first. */\nint x; \n'}, 'core/a.c:3: a tab'),
]

# types_page.py asks a manager: here two scripts that stand for it and for the tool.
MANAGER = '#!/bin/sh\neval "echo >&$4"\nread -r line\n'
TOOL = """#!/bin/sh
case "$6 $7" in
'stats ') echo '{"types": {"manager": {"plugin": "holdfast"}, "A": {"plugin": "p"}, "B": {"plugin": "p"}}}' ;;
'types ') echo '["A"]' ;;
*) echo "{\\"typeid\\": \\"$7\\", \\"doc\\": \\"One.\\", \\"signature\\": \\"n: int\\", \\"methods\\": [
   {\\"name\\": \\"m\\", \\"signature\\": \\"x: any -> int\\", \\"flags\\": [\\"reads\\"], \\"doc\\": \\"DOC\\"}]}" ;;
esac
"""
BEGIN = '<!-- types: from here on written by ./dev docs, from what holdfastd serves -->\n'
SERVED = BEGIN + """
## Every referent

| method | | |
| --- | --- | --- |
| `m(x: any) -> int` | reads | Do it. |

## p

### A

`A(n: int)`

One.

| method | | |
| --- | --- | --- |

### B

One. It cannot be created. Its methods are those of [A](#a).

<!-- end of types -->
"""


def types_page(text, says, doc='Do it.'):
    return ('types_page.py', ['./holdfastd', './holdfast', 'a.md'],
            {'holdfastd': MANAGER, 'holdfast': TOOL.replace('DOC', doc), 'a.md': text}, says,
            [['chmod', '+x', 'holdfastd', 'holdfast']])


CASES += [
    types_page('# A\n' + SERVED + 'Z\n', None),
    types_page(SERVED.replace('Do it.', 'Did it.'), '+| `m(x: any) -> int` | reads | Do it. |'),
    types_page(SERVED.replace('### A', '### C'), 'This writes it anew:\n    ./dev docs'),
    types_page(SERVED.replace('### A', '### A\n\nBy hand.'), '-By hand.'),
    types_page('# A\n', 'a.md: the marks are gone'),
    types_page(SERVED, 'A.m: its doc is one line', doc='Do it'),
]

# exports.sh and undefined.py look at objects: sources, what is compiled of them, and the lint.
SHOWN = '__attribute__((visibility("default"))) '
OBJECTS = [
    ('exports.sh', ['x.so', 'hf_plugin'], SHOWN + 'int hf_plugin = 1;', None),
    ('exports.sh', ['x.so', 'hf_plugin'], SHOWN + 'int hf_plugin = 1; ' + SHOWN + 'int other = 1;', '< other'),
    ('exports.sh', ['x.so', 'hf_plugin'], 'int hf_plugin = 1;', '> hf_plugin'),
    ('exports.sh', ['x.so', 'x.sym'], SHOWN + 'int hf_a = 1; ' + SHOWN + 'int hf_b = 1;', None),
    ('exports.sh', ['x.so', 'x.sym'], SHOWN + 'int hf_a = 1;', '> hf_b'),
    ('undefined.py', ['x.txt', 'x.so'], 'void *memcpy(void *, const void *, unsigned long);'
     'void *f(void *a, void *b, unsigned long n) { return memcpy(a, b, n); }', None),
    ('undefined.py', ['x.txt', 'x.so'], 'long time(long *); long f(void) { return time(0); }', 'needs time,'),
    ('undefined.py', ['x.txt', 'x.a'], 'long time(long *); long f(void) { return time(0); }', 'needs time,'),
    ('undefined.py', ['x.txt', 'x.a'], 'static int g(void) { return 1; } int f(void) { return g(); }', None),
]
SIDE = {'x.sym': 'HOLDFAST_0 {\n  global:\n    hf_a;\n    hf_b;\n  local:\n    *;\n};\n',
        'x.txt': '# what may be\nmem*\n__*\n_ITM_*\n_GLOBAL*\n'}


def run(lint, arguments, files, says, prepare=None):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(folder, path)) or folder, exist_ok=True)
            with open(os.path.join(folder, path), 'w', encoding='utf-8') as to:
                to.write(text)
        for command in prepare or ():
            subprocess.run(command, cwd=folder, check=True)
        shell = 'sh' if lint.endswith('.sh') else sys.executable
        done = subprocess.run([shell, os.path.join(HERE, lint), *arguments], cwd=folder, text=True, capture_output=True)
    told = done.stdout + done.stderr
    if says is None and done.returncode == 0:
        return None
    if says is not None and done.returncode == 1 and says in told and 'Traceback' not in told:
        return None
    return f'{lint}: {next(reversed(files.items()))!r}: status {done.returncode}, wanted {says!r}, said:\n{told}'


def main(cc):
    build = [[cc, '-fPIC', '-fvisibility=hidden', '-c', 'x.c', '-o', 'x.o'], [cc, '-shared', 'x.o', '-o', 'x.so'],
             ['ar', 'rc', 'x.a', 'x.o']]
    bad = [run(*case) for case in CASES]
    bad += [run(lint, args, {**SIDE, 'x.c': text + '\n'}, says, build) for lint, args, text, says in OBJECTS]
    bad = [b for b in bad if b]
    print('\n'.join(bad) if bad else f'lint selftest: ok ({len(CASES) + len(OBJECTS)} cases)')
    return 1 if bad else 0


sys.exit(main(sys.argv[1]))
