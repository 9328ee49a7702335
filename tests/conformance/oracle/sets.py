# SPDX-License-Identifier: MPL-2.0
"""sets -- one random operation on a set."""
from values import BYTES, STRS, Ref, bad, odd_number_of, tupled


def element(run):
    """No two that are equal and look different: which of them a set keeps is not promised."""
    r = run.r
    if run.flavour.refs and r.random() < .04:
        return r.choice(run.flavour.refs)
    return r.choice([lambda: r.randrange(12), lambda: r.choice(STRS), lambda: None, lambda: r.choice(BYTES),
                     lambda: (r.randrange(3), r.choice('ab')), lambda: 2**64 - 1, lambda: 0.5])()


def a_set(run):
    return {element(run) for _ in range(run.r.choice([0, 1, 2, 5, 9]))}


def elements(run, others):
    """Some iterable of elements, or something that is none."""
    r = run.r
    if r.random() < .08:
        return run.ref(r.choice(others))
    return r.choices([lambda: list(a_set(run)), lambda: r.choice(['', 'ab', 'Z']), lambda: {k: 1 for k in a_set(run)},
                      lambda: bad(r), lambda: [1, {}]], [12, 2, 2, 1, .5])[0]()


def mine_of(run, v):
    return set(run.slots[v.slot]) if isinstance(v, Ref) else [tupled(x) for x in v] if isinstance(v, list) else v


def new_set(run, others):
    if run.r.random() < .1:
        return run.new('set', set)
    it = elements(run, others) if others else list(a_set(run))
    if it is None:  # nil is what is left out
        return run.new('set', set, [it])
    return run.new('set', lambda: set(mine_of(run, it)), [it])


def set_step(run, slot, others):
    """`others`: slots of sets that may stand where a set or an iterable is wanted."""
    r, o = run.r, run.slots[slot]
    x = r.choice(list(o)) if o and r.random() < .5 else element(run)
    if r.random() < .08:
        x = {'no': 'element'}
    method = r.choice(['add', 'add', 'add', 'contains', 'discard', 'remove', 'len', 'clear', 'copy', 'pop', 'take', 'iter',
                       'update', 'update'] + list(SET_OPERATORS) + list(SET_NAMED))
    if method in ('add', 'contains', 'discard', 'remove'):
        args, act = [x], SET_PLAIN[method]
    elif method in SET_OPERATORS:
        args = [a_set(run) if r.random() < .8 else r.choice([5, 'ab', None, {1: 2}, run.ref(r.choice(others))])]
        act = SET_OPERATORS[method]
    elif method in SET_NAMED or method == 'update':
        args = [elements(run, others) for _ in range(1 if method in SET_ONE else r.randrange(3))]
        act = named(method)
    elif method == 'take':
        args = [r.choice([-1, 0, len(o), len(o) + 2])]
        act = take
    elif method == 'iter':
        iterate(run, slot, o)
        return
    else:
        args, act = [], SET_PLAIN[method]
        if method == 'clear' and o and r.random() < .5 or method == 'pop' and len(o) > 1:
            return  # which one it pops is not promised
    if r.random() < .01 and method not in SET_MANY:
        args = odd_number_of(r, args)
    mine = [mine_of(run, a) for a in args] if method not in SET_PLAIN else args
    run.call(slot, method, args, run=lambda: act(o, *mine))


def iterate(run, slot, o):
    """The whole of it, as its order is not promised; and what an Iterator says whose set has grown or shrunk."""
    at = run.put('Iterator', iter(o))
    run.line('call', 0, slot, 'iter', '[]', '{}', '=', '<Iterator>', at)
    if o and run.r.random() < .3:
        x = run.r.choice(list(o))
        run.call(slot, 'remove', [x], run=lambda: o.remove(x))
        run.call(at, 'next', run=lambda: next(run.slots[at]))
        return
    run.slots[at] = iter(())
    run.call(at, 'take', [1000], run=lambda: set(o), unordered=True)


def take(o, n):
    if n < 0:
        raise ValueError('n must not be negative')
    return {o.pop() for _ in range(min(n, len(o)))}


def named(method):
    return lambda o, *others: getattr(o, method)(*others)


def inplace(symbol):
    def act(o, v):
        exec('o %s v' % symbol, {'o': o, 'v': v})
    return act


SET_PLAIN = {'add': lambda o, x: o.add(x), 'contains': lambda o, x: x in o, 'discard': lambda o, x: o.discard(x),
             'remove': lambda o, x: o.remove(x), 'len': len, 'clear': lambda o: o.clear(), 'copy': lambda o: o.copy(),
             'pop': lambda o: o.pop()}
SET_OPERATORS = {
    'and': lambda o, v: o & v, 'or': lambda o, v: o | v, 'sub': lambda o, v: o - v, 'xor': lambda o, v: o ^ v,
    'rand': lambda o, v: v & o, 'ror': lambda o, v: v | o, 'rsub': lambda o, v: v - o, 'rxor': lambda o, v: v ^ o,
    'le': lambda o, v: o <= v, 'lt': lambda o, v: o < v, 'ge': lambda o, v: o >= v, 'gt': lambda o, v: o > v,
    'iand': inplace('&='), 'ior': inplace('|='), 'isub': inplace('-='), 'ixor': inplace('^='),
}
SET_NAMED = ['union', 'intersection', 'difference', 'symmetric_difference', 'difference_update', 'intersection_update',
             'symmetric_difference_update', 'issubset', 'issuperset', 'isdisjoint']
SET_ONE = ['symmetric_difference', 'symmetric_difference_update', 'issubset', 'issuperset', 'isdisjoint']
SET_MANY = ['union', 'intersection', 'difference', 'difference_update', 'intersection_update', 'update']
