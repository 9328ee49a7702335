# SPDX-License-Identifier: MPL-2.0
"""lists -- one random operation on a list."""
from plain import PLAIN, update_args
from values import Ref, a_slice, bad, fresh, index, iterable, odd_number_of, untupled, value


def new_list(run, others):
    """Some way to make a list; `others`: slots of containers that it may be made from."""
    r, f = run.r, run.flavour
    x = r.random()
    if x < .05:
        return run.new('list', list)
    if others and x < .2:
        it = run.ref(r.choice(others))
        return run.new('list', lambda: list(values_of(run, it)), [it])
    it = bad(r) if x < .3 else iterable(r, f)
    if it is None:  # nil is what is left out
        return run.new('list', list, [it])
    return run.new('list', lambda: list(fresh(it)), [it])


def values_of(run, it):
    """What goes through an iterable meets: a handle of a container is taken as the container's value."""
    if not isinstance(it, Ref):
        return fresh(it)
    o = run.slots[it.slot]
    return fresh([untupled(x) for x in o])


def list_step(run, slot, others):
    r, f, o = run.r, run.flavour, run.slots[slot]
    n = len(o)
    some = o[r.randrange(n)] if n and r.random() < .6 else value(r, f)
    items = bad(r) if r.random() < .07 else run.ref(r.choice(others)) if r.random() < .1 else iterable(r, f)
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
    kwargs = {'reverse': r.random() < .5} if method == 'sort' and r.random() < .5 else {}
    if args is None or method == 'sort' and any(x != x for x in flat(o)):
        return
    if r.random() < .01:
        args = odd_number_of(r, args)
    if args and isinstance(args[0], Ref) and method == 'add' and not isinstance(run.slots[args[0].slot], list):
        return  # Python's own would say that a proxy is no list; what is said here is the typeid
    mine = [values_of(run, a) if a is items else fresh(a) for a in args]
    run.call(slot, method, args, kwargs, run=lambda: PLAIN[method](o, *mine, **kwargs))


def flat(o):
    for x in o:
        if isinstance(x, (list, tuple)):
            yield from flat(x)
        elif isinstance(x, dict):
            yield from flat(list(x) + list(x.values()))
        else:
            yield x
