# SPDX-License-Identifier: MPL-2.0
"""typed -- multiprocessing's Namespace, Value and Array, items by the array module, and one random operation.

The letter c is ctypes' and not array's: what an array of it would be is here.
"""
import array

from iterators import iterator_step
from run import Run
from values import INTS, Flavour, a_slice, bad, odd_number_of, value

CODES = 'bBuchHiIlLqQfd'
NAMES = ['a', 'a1', 'b', 'Z', 'with blank', 'é', '', '_x', '__dict__', 'name' * 20]


class Bytes(list):
    """An array of single bytes."""
    typecode = 'c'
    itemsize = 1

    def __init__(self, items=()):
        if isinstance(items, str):
            raise TypeError("cannot use a str to initialize an array with typecode 'c'")
        super().__init__(map(self.checked, [bytes([b]) for b in items] if isinstance(items, bytes) else items))

    @staticmethod
    def checked(v):
        if not isinstance(v, bytes) or len(v) != 1:
            raise TypeError('array item must be a bytes of length 1')
        return v

    def place(self, k, what):
        if not isinstance(k, int):
            raise TypeError('array indices must be integers')
        if not -2**63 <= k < 2**63:
            raise IndexError("cannot fit 'int' into an index-sized integer")
        if not -len(self) <= k < len(self):
            raise IndexError('%s index out of range' % what)
        return k

    def __getitem__(self, k):
        return super().__getitem__(k if isinstance(k, slice) else self.place(k, 'array'))

    def __setitem__(self, k, v):
        super().__setitem__(self.place(k, 'array assignment'), self.checked(v))

    def __repr__(self):
        return "array('c'%s)" % (', ' + super().__repr__() if self else '')


def items_of(code, items=()):
    return Bytes(items) if code == 'c' else array.array(code, items)


def zero(code):
    return {'u': '\0', 'c': b'\0'}.get(code, 0)


def packed(code, v):
    """What an item is once it is stored."""
    return items_of(code, [v])[0]


def checked(code):
    """The array module's words, but for its own name and for c, which it lacks."""
    if not isinstance(code, str) or len(code) != 1:
        raise TypeError('a typecode must be a unicode character, not %s' % type(code).__name__)
    if code not in CODES:
        raise ValueError('bad typecode (must be b, B, u, c, h, H, i, I, l, L, q, Q, f or d)')
    return code


class Item:
    """A place that add and cas work on."""

    def __init__(self, items, at):
        self.items, self.at = items, at

    def add(self, n):
        if self.items.typecode in 'uc':
            raise TypeError("nothing can be added to an item of typecode '%s'" % self.items.typecode)
        self.items[self.at] = self.items[self.at] + n
        return self.items[self.at]

    def cas(self, expected, new):
        new = packed(self.items.typecode, new)
        if isinstance(expected, float) and self.items.typecode in 'fd':
            expected = packed(self.items.typecode, expected)
        if self.items[self.at] != expected:
            return False
        self.items[self.at] = new
        return True


class Value:
    def __init__(self, code, *v):
        self.items = items_of(checked(code), list(v) or [zero(code)])
        self.add, self.cas = Item(self.items, 0).add, Item(self.items, 0).cas

    def get(self):
        return self.items[0]

    def set(self, v):
        self.items[0] = v

    def plain(self):
        return self.items[0]

    def __repr__(self):
        return 'Value(%r, %r)' % (self.items.typecode, self.items[0])


class Array:
    def __init__(self, code, v):
        checked(code)
        if isinstance(v, int):
            if v < 0:
                raise ValueError('Array length must be >= 0, not %d' % v)
            v = [zero(code)] * v
        self.items = items_of(code, v)

    def len(self):
        return len(self.items)

    def getitem(self, k):
        return list(self.items[k]) if isinstance(k, slice) else self.items[k]

    def setitem(self, k, v):
        if not isinstance(k, slice):
            self.items[k] = v
            return
        places = range(len(self.items))[k]
        v = items_of(self.items.typecode, v)
        if len(v) != len(places):
            raise ValueError('Can only assign sequence of same size')
        for at, x in zip(places, v):
            self.items[at] = x

    def add(self, k, n):
        if not isinstance(n, (int, float)):
            raise TypeError  # the signature's, before all else
        self.items[k]
        return Item(self.items, k).add(n)

    def cas(self, k, expected, new):
        self.items[k]
        return Item(self.items, k).cas(expected, new)

    def iter(self):
        return iter(self.items)

    def plain(self):
        return list(self.items)

    def __repr__(self):
        return 'Array' + repr(self.items)[5:]


class Namespace:
    def __init__(self, **named):
        for name in named:
            self.known(name)
        self.named = named

    def known(self, name, wanted=False):
        if not isinstance(name, str):
            raise TypeError
        if name[:1] == '_' or wanted and name not in self.named:
            raise AttributeError("'Namespace' object has no attribute '%s'" % name)

    def getattr(self, name):
        self.known(name, True)
        return self.named[name]

    def setattr(self, name, v):
        self.known(name)
        self.named[name] = v

    def delattr(self, name):
        self.known(name, True)
        del self.named[name]

    def dir(self):
        return sorted(self.named)

    def plain(self):
        return self.named

    def __repr__(self):
        return 'Namespace(%s)' % ', '.join(sorted('%s=%r' % item for item in self.named.items()))


TYPES = {'Value': Value, 'Array': Array, 'Namespace': Namespace}


class Typed(Run):
    def __init__(self, seed, out):
        super().__init__(seed, out)
        self.live = []
        while len(self.live) < 4:
            self.make()

    def item(self, code):
        """Mostly what such an item may be."""
        r = self.r
        if r.random() < .1:
            return value(r, Flavour('mixed'))
        if code == 'u':
            return r.choice('ab\0é€😀') if r.random() < .9 else r.choice(['', 'ab', b'a'])
        if code == 'c':
            return r.choice([b'a', b'\0', b'\xff', b"'", b'"']) if r.random() < .9 else r.choice([b'', b'ab', 'a', 7])
        if code in 'fd':
            return r.choice([0.1, -0.0, 1e300, 16777217, float('inf'), float('nan'), True, r.choice(INTS), r.random()])
        bits = 8 * array.array(code).itemsize
        edge = r.choice([0, 2**(bits - 1), 2**bits, 2**31, 2**15])
        return max(-2**63, min(2**64 - 1, r.choice([-1, 1]) * edge + r.randrange(-2, 3)))

    def sequence(self, code, n):
        r = self.r
        x = r.random()
        if x < .05:
            return bad(r)
        if x < .15:
            return r.choice(['ab', 'é', b'ab', b'12345678', b'', '']) if code != 'u' else 'ab'[:r.randrange(3)]
        if r.random() < .6:
            return [r.randrange(9) if code not in 'uc' else packed(code, {'u': 'a', 'c': b'a'}[code]) for _ in range(n)]
        return [self.item(code) for _ in range(n)]

    def make(self):
        r = self.r
        typeid = r.choice(list(TYPES))
        code = r.choice(CODES) if r.random() < .85 else r.choice(['x', 'D', '', 'ii'])
        safe = code if code and code in CODES else 'i'
        args, kwargs = [], {}
        if typeid == 'Namespace':
            kwargs = {name: value(r, Flavour('mixed')) for name in r.sample(['a', 'a1', 'b', 'Z', '_x'], r.randrange(4))}
        elif typeid == 'Value':
            args = [code] + r.choice([[], [self.item(safe)]])
        else:
            args = [code, r.choice([r.randrange(-1, 9), self.sequence(safe, r.randrange(9))])]
        slot = self.new(typeid, lambda: TYPES[typeid](*args, **kwargs), args, kwargs)
        if slot is not None:
            self.live = (self.live + [slot])[-4:]

    def step(self):
        r = self.r
        slot = r.choice(self.live)
        o = self.slots[slot]
        x = r.random()
        live = [k for k in range(len(self.slots) - 4, len(self.slots)) if k >= 0 and self.typeids[k] == 'Iterator']
        if x < .04:
            self.make()
        elif x > .9 and live:
            iterator_step(self, r.choice(live))
        elif x < .1:
            name = r.choice(['getvalue', 'repr', 'str'])
            self.call(slot, name, run=lambda: o.plain() if name == 'getvalue' else repr(o))
        else:
            method, args = getattr(self, self.typeids[slot].lower())(o)
            if r.random() < .02:
                args = odd_number_of(r, args)
            self.call(slot, method, args, run=lambda: getattr(o, method)(*args))

    def namespace(self, o):
        r = self.r
        name = r.choice(NAMES) if r.random() < .95 else r.choice([1, None, b'a'])
        return r.choice([('getattr', [name]), ('setattr', [name, value(r, Flavour('mixed'))]), ('dir', []),
                         ('delattr', [name])])

    def number(self, code):
        r = self.r
        return r.choice([1, -1, True, r.choice(INTS), self.item(code) if code not in 'uc' else 1, 0.5])

    def value(self, o):
        code = o.items.typecode
        expected = o.items[0] if self.r.random() < .6 else self.item(code)
        return self.r.choice([('get', []), ('set', [self.item(code)]), ('add', [self.number(code)]),
                              ('cas', [expected, self.item(code)])])

    def array(self, o):
        r, code, n = self.r, o.items.typecode, len(o.items)
        k = r.choice([r.randrange(-n - 1, n + 1), r.randrange(-n, n) if n else 0, r.choice([True, 'x', 1.0, 2**64 - 1])])
        part = a_slice(r, n)
        expected = o.items[k] if type(k) is int and -n <= k < n and r.random() < .6 else self.item(code)
        size = r.randrange(4)
        try:
            size = len(range(n)[part]) if r.random() < .8 else size
        except (TypeError, ValueError):
            pass
        return r.choice([('len', []), ('getitem', [k]), ('getitem', [part]), ('setitem', [k, self.item(code)]),
                         ('setitem', [part, self.sequence(code, size)]), ('add', [k, self.number(code)]),
                         ('cas', [k, expected, self.item(code)]), ('iter', [])])


def one_seed(seed, n_operations, out):
    run = Typed(seed, out)
    for _ in range(n_operations):
        run.step()
