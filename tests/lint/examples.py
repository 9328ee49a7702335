#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""examples.py ROOT CC -- the C in our pages compiles.

Each ```c block of a .md file: statements are put into a function, behind the block's own #include lines; a block
with a function or a table in it is taken as a file.
"""
import os
import re
import subprocess
import sys

BLOCK = re.compile(r'^```c\n(.*?)^```', re.M | re.S)
PRELUDE = '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n'
FLAGS = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-Wno-unused-variable', '-Wno-unused-function', '-fsyntax-only']


def source(block):
    lines = block.splitlines(keepends=True)
    if re.search(r'^\{|^(static|struct|HF_PLUGIN)\b', block, re.M):
        return PRELUDE + block
    includes = ''.join(x for x in lines if x.startswith('#include'))
    rest = ''.join(x for x in lines if not x.startswith('#include'))
    return f'{PRELUDE}{includes}void example(void);\nvoid example(void)\n{{\n{rest}}}\n'


def main(root, cc):
    bad, n = [], 0
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in ('out', '.git')]
        for name in sorted(n for n in names if n.endswith('.md')):
            path = os.path.join(folder, name)
            text = open(path, encoding='utf-8').read()
            for block in BLOCK.finditer(text):
                n += 1
                done = subprocess.run([cc, *FLAGS, '-I', os.path.join(root, 'sdk/include'), '-x', 'c', '-'],
                                      input=source(block.group(1)), text=True, capture_output=True)
                if done.returncode != 0:
                    at = text.count('\n', 0, block.start()) + 1
                    bad.append(f'{os.path.relpath(path, root)}:{at}: the example does not compile:\n{done.stderr}')
    print('\n'.join(bad) if bad else f'examples: ok ({n})')
    return 1 if bad else 0


sys.exit(main(*sys.argv[1:]))
