#!/usr/bin/env python3
"""diff.py CC [--include DIR] [--write] -- the plugin ABI against its dumps, by abidiff.

surface.c is compiled with the header and compared with MAJOR.MINOR.abi of the version that the header claims: any
difference fails, as the ABI has then changed without its version. An older version's dump may differ by what was
appended, and by nothing else. --write makes the dump of the header's version (a new minor's, or one's that is not
released yet). What abidiff misses, renumbered codes, the golden files catch.
"""
import os, re, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))


def option(name, default):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def version(include):
    text = open(os.path.join(include, 'holdfast/plugin.h')).read()
    return tuple(int(re.search(rf'#define HF_ABI_{part} (\d+)u', text).group(1)) for part in ('MAJOR', 'MINOR'))


def built(cc, include, folder):
    path = os.path.join(folder, 'surface.so')
    subprocess.run([cc, '-std=c11', '-g', '-O0', '-fPIC', '-shared', '-fvisibility=hidden', f'-I{include}', '-o', path,
                    os.path.join(here, 'surface.c')], check=True)
    return path


def dump(path, so):
    subprocess.run(['abidw', '--no-corpus-path', '--no-show-locs', '--no-comp-dir-path', '--out-file', path, so],
                   check=True)


def differences(old, so):
    run = subprocess.run(['abidiff', '--no-show-locs', old, so], capture_output=True, text=True)
    if run.returncode & 3:
        sys.exit(f'abidiff failed: {run.stdout}{run.stderr}')
    return run.stdout if run.returncode else ''


def main():
    include = option('--include', os.path.join(here, '../../sdk/include'))
    claimed = version(include)
    name = '%d.%d' % claimed
    with tempfile.TemporaryDirectory() as folder:
        so = built(sys.argv[1], include, folder)
        if '--write' in sys.argv:
            dump(os.path.join(here, f'{name}.abi'), so)
            return f'wrote {name}.abi'
        kept = {tuple(map(int, f[:-4].split('.'))): os.path.join(here, f)
                for f in os.listdir(here) if re.fullmatch(r'\d+\.\d+\.abi', f)}
        if claimed not in kept:
            sys.exit(f'the header says ABI {name}, of which there is no dump: tests/abi/diff.py {sys.argv[1]} --write')
        said = differences(kept[claimed], so)
        if said:
            sys.exit(f'{said}\nthe ABI has changed, and its version is still {name}: raise HF_ABI_MINOR and say in '
                     f'plugin.h what is new; then tests/abi/diff.py {sys.argv[1]} --write')
        for older in sorted(v for v in kept if v[0] == claimed[0] and v < claimed):
            said = differences(kept[older], so)
            if re.search(r'deletion|offset changed|[1-9]\d* Removed|name of .* changed', said):
                sys.exit('%s\nthis is not ABI %d.%d with something appended' % (said, *older))
    return f'abi {name}: as its dump says'


print(main())
