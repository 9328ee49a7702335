#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""words.py ROOT -- the words of the domain have no synonyms, and nothing is left for "now".

The words: manager, referent, proxy, typeid, token, handle, exposed, method_to_typeid, session, lease, park, wake,
holder, pin, stub. SAY names what is written instead of each synonym. (In Python, C and prose alike.)
"""
import os
import re
import sys

SAY = {
    r'rpcs?|remote procedure calls?|remote calls?|invocations?|invok(?:e|es|ed|ing)': 'call',
    r'remote objects?|servants?|server objects?': 'referent',
    r'objrefs?|remote references?|remote pointers?': 'handle or proxy',
    r'type ?names?|class ?names?|typenames?': 'typeid',
    r'marshal(?:s|led|ling)?|unmarshal(?:s|led|ling)?': 'encode, decode',
    r'suspended calls?|blocked calls?|deferred calls?|unpark(?:s|ed|ing)?': 'park, wake',
    r'refholders?|reference holders?': 'holder',
    r'client sessions? ids?': 'session',
}
WORDS = [(re.compile(rf'(?<![\w-])(?:{bad})(?![\w-])', re.I), good) for bad, good in SAY.items()]
NOW = re.compile(r'TODO(?!\((?:soon|someday|security|perf)\): )|\bFIXME\b|\bXXX\b')
SKIP = ('tests/lint', 'out', '.git')


def main(root):
    bad = []
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if os.path.relpath(os.path.join(folder, f), root) not in SKIP]
        for name in sorted(n for n in names if n.endswith(('.c', '.h', '.def', '.md', '.py', '.sh', '.txt', '.cmake'))):
            path = os.path.join(folder, name)
            for no, line in enumerate(open(path, encoding='utf-8'), 1):
                at = f'{os.path.relpath(path, root)}:{no}'
                bad += [f'{at}: say {good}, not "{m.group(0)}"' for word, good in WORDS for m in word.finditer(line)]
                bad += [f'{at}: "{line.strip()[:60]}" is not for now' for _ in NOW.finditer(line)]
    print('\n'.join(bad) if bad else 'words: ok')
    return 1 if bad else 0


sys.exit(main(sys.argv[1]))
