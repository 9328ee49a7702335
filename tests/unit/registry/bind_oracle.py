#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""bind_oracle.py PROGRAM N SEED -- binding agrees with Python's own.

Makes N random signatures and calls, lets this Python define and call such a function, and PROGRAM bind the
same: who accepts, what each parameter got, and the words of each refusal must be the same.
"""
import random
import subprocess
import sys

NAMES = ['a', 'b', 'c', 'item', 'timeout', 'x_1']
LEFT_OUT = object()


def pack(value):
    if value is LEFT_OUT:
        return '-'
    if isinstance(value, int):
        return f'{value:02x}' if value < 128 else f'cc{value:02x}'
    if isinstance(value, str):
        return f'{0xa0 | len(value):02x}' + value.encode().hex()
    if isinstance(value, (tuple, list)):
        return f'{0x90 | len(value):02x}' + ''.join(map(pack, value))
    return f'{0x80 | len(value):02x}' + ''.join(pack(k) + pack(v) for k, v in value.items())


def signature(rnd):
    """A signature in our grammar and in Python's, and the parameters' names in order."""
    names = rnd.sample(NAMES, rnd.randrange(0, len(NAMES) + 1))
    ours, theirs = [], []
    has_default, star, named = False, False, None
    if names and rnd.random() < 0.3:
        named = names.pop()
    split = rnd.randrange(0, len(names) + 1) if rnd.random() < 0.6 else len(names)
    for k, name in enumerate(names):
        if k == split:
            star = True
            if rnd.random() < 0.5 or k == len(names) - 1:
                ours.append(f'*{name}')
                theirs.append(f'*{name}')
                continue
            ours.append('*')
            theirs.append('*')
        has_default = rnd.random() < 0.4 or (has_default and not star)
        if has_default:
            literal = rnd.randrange(100, 128)
            left_out = rnd.random() < 0.3
            ours.append(f'{name}: any = ' + ('...' if left_out else str(literal)))
            theirs.append(f'{name}=' + ('LEFT_OUT' if left_out else str(literal)))
        else:
            ours.append(f'{name}: any')
            theirs.append(name)
    if named:
        names.append(named)
        ours.append(f'**{named}')
        theirs.append(f'**{named}')
    return ', '.join(ours), ', '.join(theirs), names


def call(rnd, names):
    args = [rnd.randrange(0, 100) for _ in range(rnd.randrange(0, len(names) + 2))]
    keys = [n for n in NAMES + ['unknown'] if rnd.random() < (0.35 if n in names else 0.05)]
    rnd.shuffle(keys)
    return args, {k: rnd.randrange(128, 256) for k in keys}


def expect(theirs, names, args, kwargs):
    place = {'LEFT_OUT': LEFT_OUT}
    exec(f'def f({theirs}):\n    return [{", ".join(names)}]', place)
    try:
        return ' '.join(['='] + [pack(v) for v in place['f'](*args, **kwargs)])
    except TypeError as error:
        return f'TypeError: {error}'


def main(program, n, seed):
    rnd = random.Random(seed)
    cases = []
    for _ in range(n):
        ours, theirs, names = signature(rnd)
        args, kwargs = call(rnd, names)
        cases.append((f'{pack(args)} {pack(kwargs)} {ours or "-> any"}', theirs, expect(theirs, names, args, kwargs)))
    told = subprocess.run([program], input='\n'.join(c[0] for c in cases) + '\n', text=True, check=True,
                          capture_output=True).stdout.splitlines()
    bad = [f'f({theirs}) with {line}\n  Python: {want}\n  bind:   {got}'
           for (line, theirs, want), got in zip(cases, told) if want != got]
    accepted = sum(c[2].startswith('=') for c in cases)
    print('\n'.join(bad[:20]))
    print(f'{n} calls, {accepted} accepted, {len(bad)} differ')
    return 1 if bad or len(told) != n or not n / 10 < accepted < n * 9 / 10 else 0


sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
