# SPDX-License-Identifier: MPL-2.0
"""values -- random values, and how they travel: as JSON there, as the wire makes of them back."""
import base64

EDGE = '\x1a'  # around the number of a slot whose object's number is to stand there; no repr and no JSON has it


class Ref:
    """A handle of the referent in a slot. Its class has the typeid's name, for Python's own errors."""
    made = {}

    def __init__(self, slot):
        self.slot = slot

    def __eq__(self, other):
        return isinstance(other, Ref) and self.slot == other.slot

    def __hash__(self):
        return hash((Ref, self.slot))

    def __repr__(self):
        return '<%s #%s%d%s>' % (type(self).__name__, EDGE, self.slot, EDGE)


def ref(typeid, slot):
    if typeid not in Ref.made:
        Ref.made[typeid] = type(typeid, (Ref,), {})
    return Ref.made[typeid](slot)


class Flavour:
    """What kind of values a seed likes, and the handles that may stand among them."""

    def __init__(self, kind, refs=()):
        self.kind = kind
        self.refs = list(refs)

    def as_kind(self, kind):
        return Flavour(kind, self.refs if kind == 'mixed' else ())


# ---- as they travel --------------------------------------------------------------------------

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
    if isinstance(v, Ref):
        return '{"$handle":[%s%d%s]}' % (EDGE, v.slot, EDGE)
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


def tupled(k):
    """An array in a hashed place is a tuple."""
    return tuple(tupled(x) for x in k) if isinstance(k, (list, tuple)) else k


def untupled(x):
    return [untupled(y) for y in x] if isinstance(x, tuple) else x


def is_nan(k):
    return k != k or (isinstance(k, tuple) and any(map(is_nan, k)))


# ---- at random -------------------------------------------------------------------------------

INTS = [0, 1, 2, 3, 5, 7, 10, -1, -2, -33, 255, 256, 2**31, 2**53, 2**53 + 1, 2**62 + 1, 2**63 - 1, -2**63, 2**64 - 1]
FLOATS = [0.0, -0.0, 1.0, 2.0, 0.5, -1.5, 1e300, 1e-5, 1e16, 2.0**53, 2.0**62, float('inf'), float('-inf'), 123456.789]
STRS = ['', 'a', 'b', 'ab', 'abc', 'Z', 'é', "it's", '"q"', 'tab\t', 'ÿ', '\x00', '\x7f', 'a' * 40, 'b' * 300, '\xa0', '\\']
BYTES = [b'', b'x', b'ab', b'\x00\xff', b"'", b'q' * 20]


def scalar(r, f):
    if f.kind == 'number':
        return r.choice([r.choice(INTS), r.randrange(-9, 30), r.choice(FLOATS), r.random() < .5])
    if f.kind == 'str':
        return r.choice(STRS)
    if f.refs and r.random() < .08:
        return r.choice(f.refs)
    return r.choice([lambda: r.choice(INTS), lambda: r.randrange(-3, 12), lambda: r.choice(FLOATS),
                     lambda: r.choice(STRS), lambda: r.choice(BYTES), lambda: None, lambda: True, lambda: False,
                     lambda: float('nan')])()


def key(r, f):
    if r.random() < .12:
        return tuple(scalar(r, f) for _ in range(r.randrange(3)))
    return scalar(r, f)


def value(r, f, depth=0):
    x = r.random()
    if f.kind != 'mixed' or depth > 2 or x < .7:
        return scalar(r, f)
    if x < .87:
        return [value(r, f, depth + 1) for _ in range(r.randrange(5))]
    return {key(r, f): value(r, f, depth + 1) for _ in range(r.randrange(4))}


def iterable(r, f):
    x = r.random()
    if x < .7:
        return [value(r, f) for _ in range(r.choice([0, 1, 2, 3, 5, 12]))]
    return r.choice([lambda: r.choice(STRS), lambda: r.choice(BYTES),
                     lambda: {scalar(r, f): value(r, f) for _ in range(r.randrange(4))}])()


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


def odd_number_of(r, args):
    """The arguments with one too few or one too many."""
    return args[:-1] if args and r.random() < .5 else list(args) + [r.choice([None, 1, 'more'])]
