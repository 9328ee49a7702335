# SPDX-License-Identifier: MPL-2.0
"""dicts -- one random operation on a dict."""
from plain import PLAIN, update_args
from values import Ref, bad, fresh, is_nan, iterable, key, odd_number_of, tupled, untupled, value

BY_KEY = {'contains', 'delitem', 'get', 'getitem', 'pop', 'setdefault', 'setitem'}


def pairs_for(run, others):
    """What update takes: mostly pairs or a map."""
    r, f = run.r, run.flavour
    if others and r.random() < .08:
        of = r.choice(others)
        if not any(isinstance(p, Ref) and is_set_of_two(run.slots[p.slot]) for p in run.slots[of]):
            return run.ref(of)
    return r.choice([lambda: {key(r, f): value(r, f) for _ in range(r.randrange(5))},
                     lambda: [[key(r, f), value(r, f)] for _ in range(r.randrange(5))],
                     lambda: [['k', 'v'], r.choice(['ab', [1, 2], 5, [1], 'abc', {}])],
                     lambda: bad(r), lambda: [[{}, 1]], lambda: [['a', 1], [[1, {}], 2]]])()


def new_dict(run, others):
    r, f = run.r, run.flavour
    kwargs = {'a': value(r, f)} if r.random() < .3 else {}
    if r.random() < .1:
        return run.new('dict', lambda: dict(**fresh(kwargs)), [], kwargs)
    pairs = pairs_for(run, others)
    if pairs is None:  # nil is what is left out
        return run.new('dict', lambda: dict(**fresh(kwargs)), [pairs], kwargs)
    return run.new('dict', lambda: dict(pairs_of(run, pairs), **fresh(kwargs)), [pairs], kwargs)


def is_set_of_two(o):
    """As a pair of unknown order it is none."""
    return isinstance(o, set) and len(o) == 2


def pairs_of(run, pairs):
    if isinstance(pairs, Ref):
        pairs = run.slots[pairs.slot]
    if isinstance(pairs, list):
        pairs = [[untupled(x) for x in run.slots[p.slot]] if isinstance(p, Ref) else p for p in pairs]
        return [[tupled(p[0]), fresh(p[1])] if isinstance(p, list) and len(p) == 2 else p for p in pairs]
    return fresh(pairs)


def keys_of(run, keys):
    if isinstance(keys, Ref):
        keys = run.slots[keys.slot]
    return [tupled(fresh(k)) for k in keys] if isinstance(keys, (list, dict)) else keys


def dict_step(run, slot, others):
    """`others`: slots of lists and dicts that may stand where pairs or keys are wanted."""
    r, f, o = run.r, run.flavour, run.slots[slot]
    known = [k for k in o if not is_nan(k)]
    k = r.choice(known) if known and r.random() < .6 else key(r, f)
    if r.random() < .04:
        k = {'no': 'key'}
    choices = {
        'clear': lambda: [], 'contains': lambda: [k], 'copy': lambda: [], 'delitem': lambda: [k],
        'fromkeys': lambda: [r.choices([bad(r), [key(r, f) for _ in range(4)], 'abca', run.ref(r.choice(others))],
                                       [1, 5, 3, 1])[0]] + r.choice([[], [value(r, f)]]),
        'get': lambda: [k] + r.choice([[], [value(r, f)]]), 'getitem': lambda: [k],
        'getitems': lambda: [r.sample(known, min(len(known), 2)) + ([k] if r.random() < .3 else [])],
        'ior': lambda: [pairs_for(run, others)], 'items': lambda: [], 'keys': lambda: [], 'values': lambda: [],
        'len': lambda: [],
        'or': lambda: [{key(r, f): value(r, f)}] if r.random() < .8 else [r.choice([5, [], 'a'])],
        'ror': lambda: [{key(r, f): value(r, f)}] if r.random() < .8 else [r.choice([5, [], 'a'])],
        'pop': lambda: [k] + r.choice([[], [None], [value(r, f)]]), 'popitem': lambda: [],
        'setdefault': lambda: [k] + r.choice([[], [value(r, f)]]), 'setitem': lambda: [k, value(r, f)],
        'setitems': lambda: [[[key(r, f), value(r, f)] for _ in range(r.randrange(4))]],
        'take': lambda: [r.choice([-1, 0, 1, 2, len(o) + 3])],
        'update': lambda: [pairs_for(run, others)] if r.random() < .9 else [],
        'iter': lambda: [], 'reversed': lambda: [], 'update_at': lambda: update_args(run, o),
    }
    weights = {'setitem': 12, 'update': 4, 'ior': 3, 'delitem': 3, 'update_at': 8, 'clear': .3, 'take': .7, 'iter': .6,
               'reversed': .6}
    method = r.choices(list(choices), [weights.get(m, 1.5) for m in choices])[0]
    args = choices[method]()
    if args is None:
        return
    kwargs = {'x': value(r, f), 'a': 1} if method == 'update' and r.random() < .3 else {}
    if r.random() < .01:
        args = odd_number_of(r, args)
    mine = [mine_of(run, method, i, a) for i, a in enumerate(args)]
    run.call(slot, method, args, kwargs, run=lambda: PLAIN[method](o, *mine, **fresh(kwargs)))


def mine_of(run, method, place, a):
    """An argument as CPython's own is given it: an array is a tuple where it is hashed."""
    if place == 0 and method in BY_KEY:
        return tupled(fresh(a))
    if place == 0 and method in ('fromkeys', 'getitems'):
        return keys_of(run, a)
    if place == 0 and method in ('ior', 'update', 'setitems'):
        return pairs_of(run, a)
    return fresh(a)
