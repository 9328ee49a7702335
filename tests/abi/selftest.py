#!/usr/bin/env python3
"""selftest.py CC -- changes a header in each way that breaks an ABI, and sees who notices: abidiff, the golden files."""
import os, shutil, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))
include = os.path.join(here, '../../sdk/include')
cc = sys.argv[1]

# what is done: from, to, noticed by abidiff, noticed by the golden files, and where not in plugin.h: in which file
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
    'a function of the library takes something else': (
        'int hf_unbind(hf_client_t *client, const char *name);',
        'int hf_unbind(hf_client_t *client, const char *name, bool force);', True, False, 'holdfast.h'),
    'a function of the library gives something else': (
        'bool hf_future_is_done(', 'int64_t hf_future_is_done(', True, False, 'holdfast.h'),
    'a common type\'s function takes something else': (
        'int64_t hf_list_len(const hf_proxy_t *list)', 'int32_t hf_list_len(const hf_proxy_t *list)', True, False,
        'types.h'),
    'an opaque type stays one': ('typedef struct hf_client hf_client_t;',
                                 'struct hf_client_inside;\ntypedef struct hf_client hf_client_t;', False, False, 'holdfast.h'),
}


def fails(command):
    return subprocess.run(command, capture_output=True, text=True).returncode != 0


def golden_fails(folder):
    return any(fails([cc, '-std=c11', '-fsyntax-only', f'-I{folder}', f'-I{here}', os.path.join(here, name)])
               for name in sorted(os.listdir(here)) if name.startswith('golden_') and name.endswith('.c'))


bad = []
for what, (old, new, by_abidiff, by_golden, *elsewhere) in CASES.items():
    name = elsewhere[0] if elsewhere else 'plugin.h'
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(os.path.join(include, 'holdfast'), os.path.join(folder, 'holdfast'))
        path = os.path.join(folder, 'holdfast', name)
        text = open(path).read()
        if old not in text:
            bad.append(f'{what}: "{old}" is not in {name}')
            continue
        open(path, 'w').write(text.replace(old, new, 1))
        seen = fails([sys.executable, os.path.join(here, 'diff.py'), cc, '--include', folder])
        asserted = golden_fails(folder)
        if (seen, asserted) != (by_abidiff, by_golden):
            bad.append(f'{what}: abidiff {"fails" if seen else "passes"}, golden {"fails" if asserted else "passes"}')
print('\n'.join(bad) if bad else f'abi selftest: {len(CASES)} changes, each noticed by whom it should be')
sys.exit(1 if bad else 0)
