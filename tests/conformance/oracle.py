#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""oracle.py FIRST LAST OPERATIONS -- random operations on CPython's own list, dict, set and queue.Queue.

Writes one line an operation, with what it must give, for a test that does the same to referents:

    seed N
    new SLOT TYPEID ARGS KWARGS KIND TEXT
    call SLOT METHOD ARGS KWARGS KIND TEXT SLOT_OF_RESULT
    value SLOT KIND TEXT

Fields are separated by tabs. ARGS and KWARGS are JSON with Holdfast's $-forms. KIND is "=" and TEXT the result's repr;
or KIND is "~" and TEXT has the reprs of the result's items, sorted, as the order of a set is not promised; or KIND is the exception's class and TEXT what it says. SLOT_OF_RESULT is where an Iterator is put, else empty.
What Holdfast promises beyond CPython is added here: a method that raises changes nothing.
"""
import base64
import collections
import queue
import random
import sys


# ---- Python's values as JSON, and as what the wire makes of them ----------------------------

def json_of(v):
    if v is None:
        return 'null'
    if v is True or v is False:
        return 'true' if v else 'false'
    if isinstance(v, int):
        return str(v) if -2**63 <= v < 2**63 else '{"$int":"%d"}' % v
    if isinstance(v, float):
        if v != v or v in (float('inf'), float('-inf')):
            return '{"$float":"%s"}' % repr(v)
        return repr(v) if 'e' in repr(v) or '.' in repr(v) else repr(v) + '.0'
    if isinstance(v, str):
        return '"' + ''.join('\\u%04x' % ord(c) if ord(c) < 32 or c in '"\\' else c for c in v) + '"'
    if isinstance(v, bytes):
        return '{"$bytes":"%s"}' % base64.b64encode(v).decode()
    if isinstance(v, slice):
        return json_of({'slice': [v.start, v.stop, v.step]})
    if isinstance(v, (list, tuple, set)):
        return '[' + ','.join(map(json_of, v)) + ']'
    if isinstance(v, dict):
        return '{"$map":[' + ','.join('[%s,%s]' % (json_of(k), json_of(x)) for k, x in v.items()) + ']}'
    raise AssertionError(type(v))


def wire(v):
    """What arrives of a result: views and tuples as lists; keys stay what they are."""
    if isinstance(v, dict):
        return {k: wire(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)) or type(v).__name__ in ('dict_keys', 'dict_values', 'dict_items'):
        return [wire(x) for x in v]
    return v


# ---- random values ---------------------------------------------------------------------------

INTS = [0, 1, 2, 3, 5, 7, 10, -1, -2, -33, 255, 256, 2**31, 2**53, 2**53 + 1, 2**62 + 1, 2**63 - 1, -2**63, 2**64 - 1]
FLOATS = [0.0, -0.0, 1.0, 2.0, 0.5, -1.5, 1e300, 1e-5, 1e16, 2.0**53, 2.0**62, float('inf'), float('-inf'), 123456.789]
STRS = ['', 'a', 'b', 'ab', 'abc', 'Z', 'é', "it's", '"q"', 'tab\t', 'ÿ', '\x00', '\x7f', 'a' * 40, 'b' * 300, '\xa0', '\\']
BYTES = [b'', b'x', b'ab', b'\x00\xff', b"'", b'q' * 20]


def scalar(r, flavour):
    if flavour == 'number':
        return r.choice([r.choice(INTS), r.randrange(-9, 30), r.choice(FLOATS), r.random() < .5])
    if flavour == 'str':
        return r.choice(STRS)
    return r.choice([lambda: r.choice(INTS), lambda: r.randrange(-3, 12), lambda: r.choice(FLOATS),
                     lambda: r.choice(STRS), lambda: r.choice(BYTES), lambda: None, lambda: True, lambda: False,
                     lambda: float('nan')])()


def key(r, flavour):
    if r.random() < .12:
        return tuple(scalar(r, flavour) for _ in range(r.randrange(3)))
    return scalar(r, flavour)


def value(r, flavour, depth=0):
    x = r.random()
    if flavour != 'mixed' or depth > 2 or x < .7:
        return scalar(r, flavour)
    if x < .87:
        return [value(r, flavour, depth + 1) for _ in range(r.randrange(5))]
    return {key(r, flavour): value(r, flavour, depth + 1) for _ in range(r.randrange(4))}


def iterable(r, flavour):
    x = r.random()
    if x < .7:
        return [value(r, flavour) for _ in range(r.choice([0, 1, 2, 3, 5, 12]))]
    return r.choice([lambda: r.choice(STRS), lambda: r.choice(BYTES),
                     lambda: {scalar(r, flavour): value(r, flavour) for _ in range(r.randrange(4))}])()


def bad(r):
    """Something that is no iterable."""
    return r.choice([5, None, 1.5, True])


def index(r, n):
    x = r.random()
    if x < .75:
        return r.randrange(-n - 1, n + 2)
    if x < .9:
        return r.choice([-2**63, 2**63 - 1, 100, -100, True, False])
    return r.randrange(-3, 4)


def a_slice(r, n):
    def end():
        return None if r.random() < .3 else index(r, n)
    step = r.choice([None, 1, 1, 1, -1, 2, -2, 3, 0, -7, 2**63 - 1, -2**63, 'x'] if r.random() < .3 else [None, 1, 2, -1])
    return slice(end(), end(), step)


# ---- methods as Python has them --------------------------------------------------------------

def delitem(o, i):
    del o[i]


def setitem(o, i, v):
    o[i] = v


def iadd(o, v):
    o += v


def imul(o, n):
    o *= n


def ior(o, v):
    o |= v


def all_of(o, indices):
    return [o[i] for i in indices]


def set_all(o, pairs):
    for i, v in pairs:
        o[i] = v


def take(o, n):
    if n < 0:
        raise ValueError('n must not be negative')
    if isinstance(o, dict):
        return [[k, o.pop(k)] for k in list(o)[:n]]
    got = o[:n]
    del o[:n]
    return got


def step_into(o, k):
    """update_at goes through lists by int and through dicts by key, and through nothing else."""
    if not isinstance(o, (list, dict)):
        raise TypeError("'%s' object is not subscriptable" % type(o).__name__)
    return o[k]


def update_at(o, path, method, *args):
    if not path:
        raise ValueError('the path is empty')
    for k in path:
        o = step_into(o, k)
    if not isinstance(o, (list, dict)):
        raise AttributeError("'%s' object has no attribute '%s'" % (type(o).__name__, method))
    return PLAIN[method](o, *args)


PLAIN = {
    'add': lambda o, v: o + v, 'append': lambda o, v: o.append(v), 'clear': lambda o: o.clear(),
    'contains': lambda o, v: v in o, 'copy': lambda o: o.copy(), 'count': lambda o, v: o.count(v), 'delitem': delitem,
    'extend': lambda o, v: o.extend(v), 'getitem': lambda o, i: o[i], 'getitems': all_of, 'iadd': iadd, 'imul': imul,
    'index': lambda o, *a: o.index(*a), 'insert': lambda o, i, v: o.insert(i, v), 'iter': iter, 'len': len,
    'mul': lambda o, n: o * n, 'pop': lambda o, *a: o.pop(*a), 'remove': lambda o, v: o.remove(v),
    'reverse': lambda o: o.reverse(), 'reversed': reversed, 'rmul': lambda o, n: n * o, 'setitem': setitem,
    'setitems': set_all, 'sort': lambda o, **kw: o.sort(**kw), 'take': take, 'update_at': update_at,
    'fromkeys': lambda o, *a: o.fromkeys(*a), 'get': lambda o, *a: o.get(*a), 'ior': ior, 'items': lambda o: o.items(),
    'keys': lambda o: o.keys(), 'or': lambda o, v: o | v, 'popitem': lambda o: o.popitem(), 'ror': lambda o, v: v | o,
    'setdefault': lambda o, *a: o.setdefault(*a), 'update': lambda o, *a, **kw: o.update(*a, **kw),
    'values': lambda o: o.values(),
}


class Run:
    """One seed: some slots, and what happens to them."""

    def __init__(self, seed, out):
        self.r = random.Random(seed)
        self.out = out
        self.slots = []
        self.moves = 0  # how often keys of dicts came or went
        self.flavour = self.r.choice(['number', 'str', 'mixed', 'mixed'])
        out.write('seed\t%d\n' % seed)

    def line(self, *fields):
        self.out.write('\t'.join(str(f) for f in fields) + '\n')

    def put(self, obj):
        self.slots.append(obj)
        return len(self.slots) - 1

    def outcome(self, obj, run):
        """(kind, text, result); what raises changes nothing."""
        saved = obj.copy() if isinstance(obj, (list, dict, set)) else None
        inner = [(x, x.copy()) for x in insides(obj)] if isinstance(obj, (list, dict)) else []
        try:
            result = run()
            return '=', result
        except Exception as e:
            for x, before in inner:
                self.moves += restore(x, before)
            if saved is not None:
                self.moves += restore(obj, saved)
            text = repr(e.args[0]) if isinstance(e, KeyError) else str(e)
            return type(e).__name__, text

    def call(self, slot, method, args=(), kwargs={}, run=None, sent=None, unordered=False):
        obj = self.slots[slot]
        kind, result = self.outcome(obj, run or (lambda: PLAIN[method](obj, *args, **kwargs)))
        at = ''
        if kind == '=' and type(result).__name__.endswith('iterator'):
            at, text = self.put(result), ''
        else:
            text = repr(wire(result)) if kind == '=' else result
        if isinstance(result, set) or unordered:
            kind, text = ('~', ', '.join(sorted(repr(untupled(x)) for x in result))) if kind == '=' else (kind, text)
        self.line('call', slot, method, json_of(list(args) if sent is None else sent), json_of(kwargs), kind,
                  text.replace('\n', ' '), at)
        return kind, result

    def show(self, slot):
        o = self.slots[slot]
        if isinstance(o, set):
            self.line('value', slot, '~', ', '.join(sorted(repr(untupled(x)) for x in o)))
        else:
            self.line('value', slot, '=', repr(wire(o)))


def insides(obj):
    todo = list(obj.values()) if isinstance(obj, dict) else list(obj)
    while todo:
        x = todo.pop()
        if isinstance(x, (list, dict)):
            yield x
            todo.extend(x.values() if isinstance(x, dict) else x)


def restore(obj, saved):
    """Whether there was anything to restore: iterators over a dict do not survive it."""
    if isinstance(obj, list):
        obj[:] = saved
        return False
    if isinstance(obj, set):
        obj ^= obj ^ saved
        return False
    if [(id(k), id(x)) for k, x in obj.items()] == [(id(k), id(x)) for k, x in saved.items()]:
        return False
    obj.clear()
    obj.update(saved)
    return True


def fresh(v):
    """Arguments are copies: nothing that was sent is shared with what is stored, not even a NaN."""
    if isinstance(v, float) and v != v:
        return float('nan')
    if isinstance(v, list):
        return [fresh(x) for x in v]
    if isinstance(v, tuple):
        return tuple(fresh(x) for x in v)
    if isinstance(v, dict):
        return {fresh(k): fresh(x) for k, x in v.items()}
    return v


def unalias(o):
    """What is stored twice is stored as two values."""
    for k in (range(len(o)) if isinstance(o, list) else list(o)):
        if isinstance(o[k], (list, dict)):
            o[k] = fresh(o[k])


# ---- lists -----------------------------------------------------------------------------------

def list_step(run, slot):
    r, f, o = run.r, run.flavour, run.slots[slot]
    n = len(o)
    some = o[r.randrange(n)] if n and r.random() < .6 else value(r, f)
    items = bad(r) if r.random() < .05 else iterable(r, f)
    choices = {
        'add': lambda: [r.choice([items, [value(r, f)]])],
        'append': lambda: [value(r, f)],
        'clear': lambda: [], 'contains': lambda: [some], 'copy': lambda: [], 'count': lambda: [some],
        'delitem': lambda: [r.choice([index(r, n), a_slice(r, n), 'x', 1.5])],
        'extend': lambda: [items], 'iadd': lambda: [items],
        'getitem': lambda: [r.choice([index(r, n), a_slice(r, n), a_slice(r, n), 'x', None, 2.0, [1], 2**64 - 1])],
        'getitems': lambda: [[index(r, n) for _ in range(r.randrange(4))]],
        'imul': lambda: [r.choice([-1, 0, 1, 1, 2 if n < 40 else 1])],
        'index': lambda: [some] + [index(r, n) for _ in range(r.randrange(3))],
        'insert': lambda: [index(r, n), value(r, f)],
        'len': lambda: [], 'mul': lambda: [r.choice([-1, 0, 1, 2, 3])], 'rmul': lambda: [r.choice([-2, 0, 1, 2])],
        'pop': lambda: [] if r.random() < .5 else [index(r, n)],
        'remove': lambda: [some], 'reverse': lambda: [],
        'setitem': lambda: r.choice([[index(r, n), value(r, f)], [a_slice(r, n), items], [a_slice(r, n), items],
                                     ['x', 1]]),
        'setitems': lambda: [[[index(r, n), value(r, f)] for _ in range(r.randrange(4))]],
        'sort': lambda: [], 'take': lambda: [r.choice([-1, 0, 1, 2, n, n + 3])],
        'iter': lambda: [], 'reversed': lambda: [], 'update_at': lambda: update_args(run, o),
    }
    weights = {'append': 6, 'extend': 4, 'setitem': 5, 'getitem': 4, 'insert': 3, 'update_at': 5, 'clear': .3, 'iter': .6,
               'reversed': .6}
    method = r.choices(list(choices), [weights.get(m, 1.5) for m in choices])[0]
    if n > 300:
        method = 'clear'
    args = choices[method]()
    if method == 'sort':
        if any(x != x for x in flat(o)):
            return
        run.call(slot, 'sort', [], {'reverse': r.random() < .5} if r.random() < .5 else {})
        return
    if args is None:
        return
    run.call(slot, method, [fresh(a) for a in args])


def flat(o):
    for x in o:
        if isinstance(x, (list, tuple)):
            yield from flat(x)
        elif isinstance(x, dict):
            yield from flat(list(x) + list(x.values()))
        else:
            yield x


def update_args(run, o):
    """A path into the object, mostly sound, and a method for what is there."""
    r = run.r
    path = []
    while isinstance(o, (list, dict)) and o and (not path or r.random() < .5):
        k = r.choice(list(o)) if isinstance(o, dict) else r.randrange(-len(o), len(o))
        if k != k or (isinstance(k, tuple) and any(x != x for x in k)):
            return None
        path.append(k)
        o = o[k]
    if r.random() < .1:
        path.append(r.choice(['nowhere', 99]))
        return [path, r.choice(['len', 'clear'])]
    if isinstance(o, list):
        n = len(o)
        return [path] + r.choice([['append', value(r, 'mixed')], ['pop'], ['pop', index(r, n)], ['len'], ['sort'],
                                  ['extend', [1, 2]], ['getitem', index(r, n)], ['setitem', index(r, n), 'new'],
                                  ['setitem', a_slice(r, n), [7]], ['insert', 0, None], ['clear'], ['reverse'],
                                  ['imul', 2 if n < 20 else 0], ['contains', 1]])
    if isinstance(o, dict):
        k = r.choice(list(o)) if o else 'k'
        return [path] + r.choice([['setitem', key(r, 'mixed'), value(r, 'mixed')], ['pop', k, None], ['len'], ['keys'],
                                  ['getitem', k], ['update', {'u': [1], 2: 3}], ['setdefault', 'k', []], ['clear'],
                                  ['popitem'], ['get', 'none', 5], ['delitem', 'missing']])
    return None


# ---- dicts -----------------------------------------------------------------------------------

def dict_step(run, slot):
    r, f, o = run.r, run.flavour, run.slots[slot]
    known = [k for k in o if k == k and not (isinstance(k, tuple) and any(x != x for x in k))]
    k = r.choice(known) if known and r.random() < .6 else key(r, f)
    if r.random() < .04:
        k = {'no': 'key'}
    pairs = r.choice([lambda: {key(r, f): value(r, f) for _ in range(r.randrange(5))},
                      lambda: [[key(r, f), value(r, f)] for _ in range(r.randrange(5))],
                      lambda: [[key(r, f), value(r, f)], [1, 2, 3]], lambda: [['a', 1], 5], lambda: ['ab', 'cd'],
                      lambda: bad(r), lambda: [[{}, 1]], lambda: [['a', 1], [[1, {}], 2]]])
    choices = {
        'clear': lambda: [], 'contains': lambda: [k], 'copy': lambda: [], 'delitem': lambda: [k],
        'fromkeys': lambda: [bad(r) if r.random() < .1 else r.choice([[key(r, f) for _ in range(4)], 'abca'])] +
                            r.choice([[], [value(r, f)]]),
        'get': lambda: [k] + r.choice([[], [value(r, f)]]), 'getitem': lambda: [k],
        'getitems': lambda: [r.sample(known, min(len(known), 2)) + ([k] if r.random() < .3 else [])],
        'ior': lambda: [pairs()], 'items': lambda: [], 'keys': lambda: [], 'values': lambda: [], 'len': lambda: [],
        'or': lambda: [{key(r, f): value(r, f)}] if r.random() < .8 else [r.choice([5, [], 'a'])],
        'ror': lambda: [{key(r, f): value(r, f)}] if r.random() < .8 else [r.choice([5, [], 'a'])],
        'pop': lambda: [k] + r.choice([[], [None], [value(r, f)]]), 'popitem': lambda: [],
        'setdefault': lambda: [k] + r.choice([[], [value(r, f)]]), 'setitem': lambda: [k, value(r, f)],
        'setitems': lambda: [[[key(r, f), value(r, f)] for _ in range(r.randrange(4))]],
        'take': lambda: [r.choice([-1, 0, 1, 2, len(o) + 3])], 'update': lambda: [pairs()] if r.random() < .9 else [],
        'iter': lambda: [], 'reversed': lambda: [], 'update_at': lambda: update_args(run, o),
    }
    weights = {'setitem': 12, 'update': 4, 'ior': 3, 'delitem': 3, 'update_at': 5, 'clear': .2, 'take': .7, 'iter': .6,
               'reversed': .6}
    method = r.choices(list(choices), [weights.get(m, 1.5) for m in choices])[0]
    args = choices[method]()
    if args is None:
        return
    kwargs = {'x': value(r, f), 'a': 1} if method == 'update' and r.random() < .3 else {}
    obj = run.slots[slot]
    mine = [tupled(a) if i == 0 else fresh(a) for i, a in enumerate(args)] if method in BY_KEY else \
           [keyed(method, a) for a in args]
    kind, result = run.call(slot, method, mine, kwargs, sent=args)
    if kind == '=' and isinstance(result, list) and method == 'fromkeys':
        raise AssertionError


BY_KEY = {'contains', 'delitem', 'get', 'getitem', 'pop', 'setdefault', 'setitem'}


def tupled(k):
    """An array in a hashed place is a tuple."""
    return tuple(tupled(x) for x in k) if isinstance(k, (list, tuple)) else k


def keyed(method, a):
    if method in ('fromkeys', 'getitems') and isinstance(a, list):
        return [tupled(k) for k in a]
    if method in ('ior', 'update', 'setitems') and isinstance(a, list):
        return [[tupled(p[0]), fresh(p[1])] if isinstance(p, list) and len(p) == 2 else p for p in a]
    return fresh(a)


# ---- sets ------------------------------------------------------------------------------------

def untupled(x):
    return [untupled(y) for y in x] if isinstance(x, tuple) else x


def element(r):
    """No two that are equal and look different: which of them a set keeps is not promised."""
    return r.choice([lambda: r.randrange(12), lambda: r.choice(STRS), lambda: None, lambda: r.choice(BYTES),
                     lambda: (r.randrange(3), r.choice('ab')), lambda: 2**64 - 1, lambda: 0.5])()


def a_set(r):
    return {element(r) for _ in range(r.choice([0, 1, 2, 5, 9]))}


def elements(r):
    """Some iterable of elements, or something that is none."""
    return r.choices([lambda: list(a_set(r)), lambda: r.choice(['', 'ab', 'Z']), lambda: {k: 1 for k in a_set(r)},
                      lambda: bad(r), lambda: [1, {}]], [12, 2, 2, 1, .5])[0]()


def set_step(run, slot):
    r, o = run.r, run.slots[slot]
    x = r.choice(list(o)) if o and r.random() < .5 else element(r)
    if r.random() < .04:
        x = {'no': 'element'}
    method = r.choice(['add', 'add', 'add', 'contains', 'discard', 'remove', 'len', 'clear', 'copy', 'pop', 'take', 'iter',
                       'update', 'update'] + list(SET_OPERATORS) + list(SET_NAMED))
    if method in ('add', 'contains', 'discard', 'remove'):
        run.call(slot, method, [x], run=lambda: SET_PLAIN[method](o, x))
    elif method in SET_OPERATORS:
        other = a_set(r) if r.random() < .9 else r.choice([5, 'ab', None, {1: 2}])
        run.call(slot, method, [other], run=lambda: SET_OPERATORS[method](o, other))
    elif method in SET_NAMED or method == 'update':
        others = [elements(r) for _ in range(1 if method in SET_ONE else r.randrange(3))]
        run.call(slot, method, others, run=lambda: getattr(o, method)(*others), sent=others)
    elif method == 'take':
        n = r.choice([0, len(o), len(o) + 2])
        run.call(slot, method, [n], run=lambda: {o.pop() for _ in range(min(n, len(o)))})
    elif method == 'iter':
        at = run.put(None)
        run.line('call', slot, 'iter', '[]', '{}', '=', '', at)
        run.call(at, 'take', [1000], run=lambda: set(o), unordered=True)
    elif method not in ('clear', 'pop') or len(o) < 2 or r.random() < .05 and method == 'clear':
        run.call(slot, method, run=lambda: SET_PLAIN[method](o))


SET_PLAIN = {'add': lambda o, x: o.add(x), 'contains': lambda o, x: x in o, 'discard': lambda o, x: o.discard(x),
             'remove': lambda o, x: o.remove(x), 'len': len, 'clear': lambda o: o.clear(), 'copy': lambda o: o.copy(),
             'pop': lambda o: o.pop()}
SET_OPERATORS = {
    'and': lambda o, v: o & v, 'or': lambda o, v: o | v, 'sub': lambda o, v: o - v, 'xor': lambda o, v: o ^ v,
    'rand': lambda o, v: v & o, 'ror': lambda o, v: v | o, 'rsub': lambda o, v: v - o, 'rxor': lambda o, v: v ^ o,
    'le': lambda o, v: o <= v, 'lt': lambda o, v: o < v, 'ge': lambda o, v: o >= v, 'gt': lambda o, v: o > v,
    'iand': lambda o, v: inplace('&=', o, v), 'ior': lambda o, v: inplace('|=', o, v),
    'isub': lambda o, v: inplace('-=', o, v), 'ixor': lambda o, v: inplace('^=', o, v),
}
SET_NAMED = ['union', 'intersection', 'difference', 'symmetric_difference', 'difference_update', 'intersection_update',
             'symmetric_difference_update', 'issubset', 'issuperset', 'isdisjoint']
SET_ONE = ['symmetric_difference', 'symmetric_difference_update', 'issubset', 'issuperset', 'isdisjoint']


def inplace(symbol, o, v):
    exec('o %s v' % symbol, {'o': o, 'v': v})


# ---- iterators -------------------------------------------------------------------------------

def iterator_step(run, slot):
    r, o = run.r, run.slots[slot]
    method = r.choices(['next', 'send', 'take', 'close', 'throw'], [8, 1, 3, .2, .2])[0]
    if method == 'next':
        run.call(slot, 'next', run=lambda: next(o))
    elif method == 'send':
        run.call(slot, 'send', [None], run=lambda: next(o))
    elif method == 'take':
        n = r.choice([0, 1, 2, 100])
        run.call(slot, 'take', [n], run=lambda: take_next(o, n))
    elif method == 'close':
        run.call(slot, 'close', run=lambda: run.slots.__setitem__(slot, iter(())))
    else:
        def throw():
            run.slots[slot] = iter(())
            raise ValueError('thrown')
        run.call(slot, 'throw', ['ValueError', 'thrown'], run=throw)


def take_next(o, n):
    got = []
    while len(got) < n:
        try:
            got.append(next(o))
        except StopIteration:
            break
    return got


# ---- queues ----------------------------------------------------------------------------------

def queue_step(run, slot):
    r, q = run.r, run.slots[slot]

    def get_many(n, timeout):
        if n < 1:
            raise ValueError('n must be at least 1')
        if not q.queue:
            raise queue.Empty
        return [q.get_nowait() for _ in range(min(n, len(q.queue)))]

    def put_many(items):
        for x in items:
            q.put_nowait(x)
    v = value(r, run.flavour)
    free = q.maxsize - len(q.queue) if q.maxsize > 0 else 9
    many = [value(r, run.flavour) for _ in range(r.randrange(min(free, 5) + 1))]
    choices = {
        'put': ([v, False], lambda: q.put(v, False)), 'put_nowait': ([v], lambda: q.put_nowait(v)),
        'get': ([False], lambda: q.get(False)), 'get_nowait': ([], q.get_nowait), 'qsize': ([], q.qsize),
        'empty': ([], q.empty), 'full': ([], q.full), 'task_done': ([], q.task_done),
        'get_many': ([r.choice([0, 1, 3, 50]), 0], None), 'put_many': ([many], lambda: put_many(many)),
    }
    x = r.random()
    method = r.choice(list(choices))
    args, act = choices[method]
    if method == 'get_many':
        run.call(slot, method, args, run=lambda: get_many(*args))
    elif method == 'get' and x < .3:
        run.call(slot, 'get', [True, -1], run=lambda: q.get(True, -1))
    elif method == 'get' and x < .5 and q.qsize() == 0:
        run.call(slot, 'get', [True, 0], run=lambda: q.get(True, 0))
    elif method == 'put' and x < .3:
        run.call(slot, 'put', [v, True, -1], run=lambda: q.put(v, True, -1))
    elif method == 'put' and x < .5 and q.full():
        run.call(slot, 'put', [v, True, 0], run=lambda: q.put(v, True, 0))
    else:
        run.call(slot, method, args, run=act)


# ---- one seed --------------------------------------------------------------------------------

def one_seed(seed, n_operations, out):
    run = Run(seed, out)
    r, f = run.r, run.flavour
    start = iterable(r, f)
    for typeid, args, make in (('list', [start], lambda: list(start)),
                               ('dict', [{1: 'one'}], lambda: {1: 'one'}),
                               ('Queue', [r.choice([0, 1, 2, 5])], None), ('set', [], set)):
        slot = run.put(queue.Queue(args[0]) if typeid == 'Queue' else make())
        run.line('new', slot, typeid, json_of(args), 'null', '=', '')
    over = {}  # iterators over the dict: slot to the moves and the size that it began with
    for _ in range(n_operations):
        slot = r.choices([0, 1, 2, 3], [5, 4, 2, 3])[0]
        live = [i for i in range(4, len(run.slots)) if i > len(run.slots) - 4 and run.slots[i] is not None]
        if live and r.random() < .2:
            slot = r.choice(live)
            # CPython promises nothing for a dict whose keys changed and whose size did not: nor do we test it.
            if slot in over and over[slot][0] != run.moves and over[slot][1] == len(run.slots[1]):
                over.pop(slot)
                run.call(slot, 'close', run=lambda: run.slots.__setitem__(slot, iter(())))
            else:
                iterator_step(run, slot)
            continue
        before = len(run.slots)
        keys = list(map(id, run.slots[1]))
        (list_step, dict_step, queue_step, set_step)[slot](run, slot)
        run.moves += keys != list(map(id, run.slots[1]))
        unalias(run.slots[0])
        unalias(run.slots[1])
        if len(run.slots) > before and slot == 1:
            over[before] = run.moves, len(run.slots[1])
        if slot != 2 and r.random() < .3:
            run.show(slot)
    for slot in (0, 1, 3):
        run.show(slot)


def main():
    first, last, n_operations = map(int, sys.argv[1:4])
    for seed in range(first, last + 1):
        one_seed(seed, n_operations, sys.stdout)


main()
