#!/usr/bin/env python3
"""diff.py CC [--include DIR] [--write] -- the plugin ABI and libholdfast's against their dumps, by abidiff.

The plugin ABI is what surface.c reaches from hf_plugin; libholdfast's is a pointer to each function that
libholdfast.sym exports, as the headers declare it, and all that those reach: what a program is compiled with. Opaque
types stay opaque, so the library's inside may change. Each is compared with MAJOR.MINOR.abi, or
libholdfast-MAJOR.MINOR.abi, of the version that is claimed (by plugin.h, by the library's CMakeLists.txt): any
difference fails, as the ABI has then changed without its version. An older version's dump may differ by what was
appended, and by nothing else. --write makes the dumps of the versions claimed (a new minor's, or one's that is not
released yet). What abidiff misses, renumbered codes, the golden files catch. testing.h is no part of it: what it
declares is linked statically, by tests.
"""
import os, re, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))
client = os.path.join(here, '../../sdk/client')


def option(name, default):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def text_of(*path):
    with open(os.path.join(*path)) as file:
        return file.read()


class Plugin:
    prefix = ''
    raised_by = 'raise HF_ABI_MINOR and say in plugin.h what is new'

    def version(self, include):
        text = text_of(include, 'holdfast/plugin.h')
        return tuple(int(re.search(rf'#define HF_ABI_{part} (\d+)u', text).group(1)) for part in ('MAJOR', 'MINOR'))

    def source(self):
        return text_of(here, 'surface.c')


class Library:
    prefix = 'libholdfast-'
    raised_by = 'raise VERSION in sdk/client/CMakeLists.txt and give libholdfast.sym a node for what is new'

    def version(self, include):
        found = re.search(r'holdfast PROPERTIES VERSION (\d+)\.(\d+)\.', text_of(client, 'CMakeLists.txt'))
        return int(found.group(1)), int(found.group(2))

    def source(self):
        names = re.findall(r'^ +(hf_\w+);', text_of(option('--sym', os.path.join(client, 'libholdfast.sym'))), re.M)
        lines = [f'extern __typeof__({name}) *const surface_{name}; '
                 f'__attribute__((visibility("default"))) __typeof__({name}) *const surface_{name} = 0;'
                 for name in names]
        return '\n'.join(['#include <holdfast/holdfast.h>', '#include <holdfast/types.h>', *lines, ''])


def built(cc, include, folder, surface):
    """The surface as a shared object; its source is named without the folder, which would stand in the dump."""
    source, so = f'{surface.prefix}surface.c', f'{surface.prefix}surface.so'
    with open(os.path.join(folder, source), 'w') as to:
        to.write(surface.source())
    subprocess.run([cc, '-std=gnu11', '-g', '-O0', '-fPIC', '-shared', '-fvisibility=hidden',
                    f'-I{os.path.abspath(include)}', '-o', so, source], check=True, cwd=folder)
    return os.path.join(folder, so)


def dump(path, so):
    subprocess.run(['abidw', '--no-corpus-path', '--no-show-locs', '--no-comp-dir-path', '--out-file', path, so],
                   check=True)


def differences(old, so):
    run = subprocess.run(['abidiff', '--no-show-locs', old, so], capture_output=True, text=True)
    if run.returncode & 3:
        sys.exit(f'abidiff failed: {run.stdout}{run.stderr}')
    return run.stdout if run.returncode else ''


def compare(surface, include, folder):
    claimed = surface.version(include)
    name = f'{surface.prefix}%d.%d' % claimed
    so = built(sys.argv[1], include, folder, surface)
    if '--write' in sys.argv:
        dump(os.path.join(here, f'{name}.abi'), so)
        return f'wrote {name}.abi'
    kept = {tuple(map(int, f[len(surface.prefix):-4].split('.'))): os.path.join(here, f)
            for f in os.listdir(here) if re.fullmatch(surface.prefix + r'\d+\.\d+\.abi', f)}
    if claimed not in kept:
        sys.exit(f'there is no dump {name}.abi of the version that is claimed: tests/abi/diff.py {sys.argv[1]} --write')
    said = differences(kept[claimed], so)
    if said:
        sys.exit(f'{said}\nthe ABI has changed, and its version is still {name}: {surface.raised_by}; '
                 f'then tests/abi/diff.py {sys.argv[1]} --write')
    for older in sorted(v for v in kept if v[0] == claimed[0] and v < claimed):
        said = differences(kept[older], so)
        if re.search(r'deletion|offset changed|[1-9]\d* Removed|name of .* changed|'
                     r'parameter \d+ of type .* (changed|added|removed)|return type changed', said):
            sys.exit('%s\nthis is not ABI %s%d.%d with something appended' % (said, surface.prefix, *older))
    return f'abi {name}: as its dump says'


def main():
    include = option('--include', os.path.join(here, '../../sdk/include'))
    with tempfile.TemporaryDirectory() as folder:
        for surface in (Plugin(), Library()):
            print(compare(surface, include, folder))


main()
