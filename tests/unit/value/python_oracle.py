#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""python_oracle.py PROGRAM N SEED -- repr, equality, order and hash agree with this Python's own.

PROGRAM writes random values and what it says of them; here they are decoded by a decoder of our own, and Python
says the same or the test fails with the value.
"""
import struct
import subprocess
import sys


class Handle:
    def __init__(self, number, typeid='referent'):
        self.number, self.typeid = number, typeid

    def __repr__(self):
        return f'<{self.typeid} #{self.number}>'

    def __eq__(self, other):
        return isinstance(other, Handle) and self.number == other.number

    def __hash__(self):
        return hash(self.number)


class Promise:
    __hash__ = None

    def __init__(self, number):
        self.number = number

    def __repr__(self):
        return f'<promise #{self.number}>'

    def __eq__(self, other):
        return isinstance(other, Promise) and self.number == other.number


class Error:
    __hash__ = None

    def __init__(self, kind, text, data):
        self.parts = [kind, text, data]

    def __repr__(self):
        return f'<error {self.parts[0]}: {self.parts[1]}>'

    def __eq__(self, other):
        return isinstance(other, Error) and self.parts == other.parts


class Ext:
    __hash__ = None

    def __init__(self, code, payload):
        self.code, self.payload = code, payload

    def __repr__(self):
        return f'<ext {self.code} {self.payload!r}>'

    def __eq__(self, other):
        return isinstance(other, Ext) and (self.code, self.payload) == (other.code, other.payload)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        self.at += n
        assert self.at <= len(self.data)
        return self.data[self.at - n:self.at]

    def number(self, form):
        return struct.unpack('>' + form, self.take(struct.calcsize(form)))[0]

    def ext(self, n):
        code, payload = self.number('b'), self.take(n)
        if code >= 16:
            return Ext(code, payload)
        inner = Reader(payload).item()
        return {1: lambda: Handle(*inner), 2: lambda: Promise(inner), 3: lambda: Error(*inner)}[code]()

    def map(self, n):
        pairs = [(self.item(True), self.item()) for _ in range(n)]
        assert len(dict(pairs)) == n, 'the generator made two equal keys'
        return dict(pairs)

    def list(self, n, is_key):
        items = [self.item(is_key) for _ in range(n)]
        return tuple(items) if is_key else items

    def item(self, is_key=False):
        first = self.number('B')
        if first < 0x80 or first >= 0xe0:
            return first if first < 0x80 else first - 256
        if first < 0x90:
            return self.map(first & 15)
        if first < 0xa0:
            return self.list(first & 15, is_key)
        if first < 0xc0:
            return self.take(first & 31).decode()
        return {
            0xc0: lambda: None, 0xc2: lambda: False, 0xc3: lambda: True,
            0xc4: lambda: self.take(self.number('B')), 0xc5: lambda: self.take(self.number('H')),
            0xc6: lambda: self.take(self.number('I')),
            0xc7: lambda: self.ext(self.number('B')), 0xc8: lambda: self.ext(self.number('H')),
            0xc9: lambda: self.ext(self.number('I')), 0xcb: lambda: self.number('d'),
            0xcc: lambda: self.number('B'), 0xcd: lambda: self.number('H'), 0xce: lambda: self.number('I'),
            0xcf: lambda: self.number('Q'), 0xd0: lambda: self.number('b'), 0xd1: lambda: self.number('h'),
            0xd2: lambda: self.number('i'), 0xd3: lambda: self.number('q'),
            0xd4: lambda: self.ext(1), 0xd5: lambda: self.ext(2), 0xd6: lambda: self.ext(4),
            0xd7: lambda: self.ext(8), 0xd8: lambda: self.ext(16),
            0xd9: lambda: self.take(self.number('B')).decode(), 0xda: lambda: self.take(self.number('H')).decode(),
            0xdb: lambda: self.take(self.number('I')).decode(),
            0xdc: lambda: self.list(self.number('H'), is_key), 0xdd: lambda: self.list(self.number('I'), is_key),
            0xde: lambda: self.map(self.number('H')), 0xdf: lambda: self.map(self.number('I')),
        }[first]()


def decode(text, is_key=False):
    return Reader(bytes.fromhex(text)).item(is_key)


def order(a, b):
    try:
        return '-1' if a < b else '1' if b < a else '0'
    except TypeError:
        return 'x'


def is_hashable(text):
    try:
        hash(decode(text, True))
        return True
    except TypeError:
        return False


def printable(text):
    """Above U+00FF a character may stand as it is, where Python would escape it."""
    return all(c < '\u0100' or c.isprintable() for c in text)


def check(words):
    if words[0] == 'R':
        value, said = decode(words[1]), bytes.fromhex(words[2]).decode()
        return [] if repr(value) == said or not printable(said) else [f'repr {value!r}: we say {said}']
    a, b = decode(words[1]), decode(words[2])
    bad = []
    if (a == b) != (words[3] == '1'):
        bad.append(f'{a!r} == {b!r}: we say {words[3]}')
    if order(a, b) != words[4]:
        bad.append(f'{a!r} < {b!r}: Python says {order(a, b)}, we say {words[4]}')
    for text, said in (words[1], words[5]), (words[2], words[6]):
        if is_hashable(text) != (said == '1'):
            bad.append(f'hash {decode(text)!r}: we say {said}')
    both = words[5] == words[6] == '1'
    if both and (a == b) != (words[7] == '1') and 'nan' not in repr((a, b)):
        bad.append(f'{a!r}, {b!r}: equal {a == b}, same hash {words[7]}')
    return bad


def main(program, n, seed):
    run = subprocess.run([program, n, seed], stdout=subprocess.PIPE, text=True, check=True, timeout=50)
    lines = [line.split(' ') for line in run.stdout.splitlines()]
    bad = [b for words in lines for b in check(words)]
    print('\n'.join(bad[:20]))
    pairs = [w for w in lines if w[0] == 'C']
    equal = sum(w[3] == '1' for w in pairs)
    ordered = sum(w[4] in ('-1', '1') for w in pairs)
    print(f'{len(pairs)} values and pairs: {equal} equal, {ordered} ordered, {len(bad)} wrong')
    return 1 if bad or len(pairs) != int(n) or min(equal, ordered) < int(n) // 20 else 0


sys.exit(main(*sys.argv[1:]))
