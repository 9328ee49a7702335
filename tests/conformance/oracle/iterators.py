# SPDX-License-Identifier: MPL-2.0
"""iterators -- one random operation on an Iterator."""
import copy
import operator


def iterator_step(run, slot):
    r, o = run.r, run.slots[slot]
    method = r.choices(['next', 'send', 'take', 'close', 'throw', 'getvalue', 'repr', 'str'], [8, 1, 3, .3, .3, .5, .3, .3])[0]
    if method == 'next':
        run.call(slot, 'next', run=lambda: next(o))
    elif method == 'send':
        run.call(slot, 'send', [None], run=lambda: next(o))
    elif method == 'take':
        n = r.choice([-1, 0, 1, 2, 100])
        run.call(slot, 'take', [n], run=lambda: take_next(o, n))
    elif method == 'close':
        close(run, slot)
    elif method == 'throw':
        kind, text = r.choice([('ValueError', 'thrown'), ('KeyError', 'k'), ('StopIteration', '')])
        run.slots[slot] = iter(())
        run.line('call', 0, slot, 'throw', '["%s", "%s"]' % (kind, text), '{}', kind, text, '')
    elif method in ('repr', 'str'):
        run.call(slot, method, run=lambda: repr(run.ref(slot)))
    else:
        run.call(slot, 'getvalue', run=lambda: rest_of(o))


class NoSuchType(Exception):
    pass


def refuse():
    raise NoSuchType("no type 'Iterator'")


def close(run, slot):
    run.call(slot, 'close', run=lambda: run.slots.__setitem__(slot, iter(())))


def rest_of(o):
    """What is left, without passing it; one that cannot go on has met that."""
    if operator.length_hint(o) == 0 and type(o).__name__ == 'list_reverseiterator':
        return []  # its copy would begin at the end of a list that has become shorter
    try:
        return list(copy.copy(o))
    except RuntimeError:
        return next(o)


def take_next(o, n):
    """A step that raises has taken nothing: what it would have given is given before the error is met."""
    if n < 0:
        raise ValueError('n must not be negative')
    got = []
    while len(got) < n:
        try:
            got.append(next(o))
        except StopIteration:
            break
    return got
