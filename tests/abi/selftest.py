#!/usr/bin/env python3
"""selftest.py CC -- changes the header in each way that breaks an ABI, and sees who notices: abidiff, the golden files."""
import os, shutil, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))
include = os.path.join(here, '../../sdk/include')
cc = sys.argv[1]

# what is done: from, to, noticed by abidiff, noticed by the golden files
CASES = {
    'nothing': ('', '', False, False),
    'a member is appended, the version stays': (
        'const char *returns;', 'const char *returns; const char *more;', True, False),
    'two members are swapped': (
        'const char *name;\n    const char *signature; /* "item', 'const char *signature;\n    const char *name; /* "item',
        True, True),
    'a member of the host goes': ('    double (*now)(hf_call_t *call);\n', '', True, True),
    'a parameter has another type': (
        'hf_err_t (*timer)(hf_call_t *call, uint32_t number, double seconds);',
        'hf_err_t (*timer)(hf_call_t *call, uint64_t number, double seconds);', True, True),
    'a code is renumbered': ('HF_PARKS = 4,', 'HF_PARKS = 32,', False, True),
    'a new minor without its dump': ('#define HF_ABI_MINOR ', '#define HF_ABI_MINOR 9', True, False),
}


def fails(command):
    return subprocess.run(command, capture_output=True, text=True).returncode != 0


def golden_fails(folder):
    return any(fails([cc, '-std=c11', '-fsyntax-only', f'-I{folder}', f'-I{here}', os.path.join(here, name)])
               for name in sorted(os.listdir(here)) if name.startswith('golden_') and name.endswith('.c'))


bad = []
for what, (old, new, by_abidiff, by_golden) in CASES.items():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(os.path.join(include, 'holdfast'), os.path.join(folder, 'holdfast'))
        path = os.path.join(folder, 'holdfast/plugin.h')
        text = open(path).read()
        if old not in text:
            bad.append(f'{what}: "{old}" is not in plugin.h')
            continue
        open(path, 'w').write(text.replace(old, new, 1))
        seen = fails([sys.executable, os.path.join(here, 'diff.py'), cc, '--include', folder])
        asserted = golden_fails(folder)
        if (seen, asserted) != (by_abidiff, by_golden):
            bad.append(f'{what}: abidiff {"fails" if seen else "passes"}, golden {"fails" if asserted else "passes"}')
print('\n'.join(bad) if bad else f'abi selftest: {len(CASES)} changes, each noticed by whom it should be')
sys.exit(1 if bad else 0)
