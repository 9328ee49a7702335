#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""magics.py ROOT -- object magics are unique: no two constants …_MAGIC… have the same number."""
import os
import re
import sys

MAGIC = re.compile(r'\b(\w*_MAGIC\w*)\b\s*(?:=\s*)?\(?(0[xX][0-9a-fA-F]+|\d+)[uUlL]*\)?')


def main(root):
    homes, n = {}, 0
    for top in ('core', 'sdk', 'plugins'):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(n for n in names if n.endswith(('.c', '.h'))):
                path = os.path.join(folder, name)
                for no, line in enumerate(open(path), 1):
                    for word, number in MAGIC.findall(line):
                        n += 1
                        home = f'{os.path.relpath(path, root)}:{no}: {word}'
                        homes.setdefault(int(number, 0) & 0xffffffff, []).append(home)
    bad = [f'0x{number:08x}: {", ".join(places)}' for number, places in sorted(homes.items()) if len(places) > 1]
    print('\n'.join(bad) if bad else f'magics: ok ({n})')
    return 1 if bad else 0


sys.exit(main(sys.argv[1]))
