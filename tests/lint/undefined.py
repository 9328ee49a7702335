#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""undefined.py LIST FILE... -- what these files need from elsewhere is in LIST.

FILEs are shared objects or static libraries; what one of them defines, another may use. LIST has one name, or
pattern with *, a line. So no clock, thread, file or chance gets into what computes, whatever was included.
"""
import fnmatch
import subprocess
import sys


def symbols(path, which):
    dynamic = ['-D'] if '.so' in path else []
    out = subprocess.run(['nm', '--format=posix', which, *dynamic, path], check=True, text=True, capture_output=True)
    return {line.split()[0].split('@')[0] for line in out.stdout.splitlines() if ' ' in line}


def main(allow, files):
    may = [line.split('#')[0].strip() for line in open(allow)]
    may = [name for name in may if name]
    needed = set().union(*(symbols(f, '--undefined-only') for f in files))
    defined = set().union(*(symbols(f, '--defined-only') for f in files))
    bad = sorted(n for n in needed - defined if not any(fnmatch.fnmatchcase(n, m) for m in may))
    print('\n'.join(f'{", ".join(files)}: needs {n}, which is not in {allow}' for n in bad) if bad else 'undefined: ok')
    return 1 if bad else 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
