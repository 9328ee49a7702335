#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""mutants.py [--optimised] BINARY… -- no trace of HFI_MUTANT is in what was built without -DHF_MUTANTS=ON.

No symbol hfi_mutant…, no rule's id as text, and, where the compiler optimised, none of the functions that are there
"for a mutant alone" or "for mutants alone". Prints a line for each that there is; exit status 1 if there was any.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALONE = re.compile(r'for (?:a mutant|mutants) alone\. \*/\n(?:static |inline )*[\w *]+\n(\w+)\(')


def main():
    ids = re.findall(r'HFI_RULE\s*\(\s*(m\d\d_\w+)', (ROOT / 'tests/simulation/mutants.def').read_text())
    alone = set()
    for room in ('sdk', 'core'):
        for path in sorted((ROOT / room).rglob('*.c')):
            alone.update(ALONE.findall(re.sub(r'\bFor\b', 'for', path.read_text())))
    if not ids or not alone:
        print('mutants.py: found no rules, or no functions for them alone: has their form changed?')
        return 1
    bad = 0
    words = [word for word in sys.argv[1:] if word]
    is_optimised = '--optimised' in words
    for binary in words[is_optimised:]:
        data = pathlib.Path(binary).read_bytes()
        symbols = subprocess.run(['nm', '-A', binary], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                 check=False).stdout
        names = set(re.findall(r'[\w.]+$', symbols, re.M))
        found = [text for text in ['hfi_mutant'] + ids if text.encode() in data]
        found += sorted(name for name in names if is_optimised and name.split('.')[0] in alone)
        for name in found:
            print(f'{binary}: there is {name} in it')
        bad += len(found)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
