# SPDX-License-Identifier: MPL-2.0
"""plain -- the methods of lists and dicts as Python has them, and those beyond Python."""
from values import Ref, a_slice, index, is_nan, key, value


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
    if isinstance(o, Ref):
        raise TypeError('the path goes through a handle')
    if not isinstance(o, (list, dict)):
        raise TypeError("'%s' object is not subscriptable" % type(o).__name__)
    return o[k]


def update_at(o, path, method, *args):
    if not path:
        raise ValueError('the path is empty')
    for k in path:
        o = step_into(o, k)
    if isinstance(o, Ref):
        raise TypeError('the path leads to a handle: call that')
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
    'setitems': set_all, 'sort': lambda o, *a, **kw: o.sort(*a, **kw), 'take': take, 'update_at': update_at,
    'fromkeys': lambda o, *a: o.fromkeys(*a), 'get': lambda o, *a: o.get(*a), 'ior': ior, 'items': lambda o: o.items(),
    'keys': lambda o: o.keys(), 'or': lambda o, v: o | v, 'popitem': lambda o: o.popitem(), 'ror': lambda o, v: v | o,
    'setdefault': lambda o, *a: o.setdefault(*a), 'update': lambda o, *a, **kw: o.update(*a, **kw),
    'values': lambda o: o.values(),
}


# ---- update_at -------------------------------------------------------------------------------

def update_args(run, o):
    """A path into the object, mostly sound, and a method for what is there; None: nothing that could be asked for."""
    r, f = run.r, run.flavour.as_kind('mixed')
    path = []
    if r.random() < .04:
        return [[], 'len']
    places = o if isinstance(o, dict) else range(len(o))
    nested = [k for k in places if isinstance(o[k], (list, dict, Ref)) and not is_nan(k)]
    if not nested and r.random() < .7:
        return None
    while isinstance(o, (list, dict)) and o and (not path or r.random() < .5):
        k = r.choice(nested) if not path and nested and r.random() < .9 else \
            r.choice(list(o)) if isinstance(o, dict) else r.randrange(-len(o), len(o))
        if is_nan(k):
            return None
        path.append(k)
        o = o[k]
    if r.random() < .25 and isinstance(o, (list, dict)):
        path.append(r.choice(['nowhere', 99]))
        return [path, r.choice(['len', 'clear'])]
    if isinstance(o, list):
        n = len(o)
        return [path] + r.choice([['append', value(r, f)], ['pop'], ['pop', index(r, n)], ['len'], ['sort'],
                                  ['extend', [1, 2]], ['getitem', index(r, n)], ['setitem', index(r, n), 'new'],
                                  ['setitem', a_slice(r, n), [7]], ['insert', 0, None], ['clear'], ['reverse'],
                                  ['imul', 2 if n < 20 else 0], ['contains', 1]])
    if isinstance(o, dict):
        k = r.choice(list(o)) if o else 'k'
        return [path] + r.choice([['setitem', key(r, f), value(r, f)], ['pop', k, None], ['len'], ['keys'],
                                  ['getitem', k], ['update', {'u': [1], 2: 3}], ['setdefault', 'k', []], ['clear'],
                                  ['popitem'], ['get', 'none', 5], ['delitem', 'missing']])
    return [path, r.choice(['len', 'append', 'clear'])]
