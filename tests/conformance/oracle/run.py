# SPDX-License-Identifier: MPL-2.0
"""run -- one seed: the objects in its slots, what is done to them, and the lines that say so."""
import random

from values import EDGE, Flavour, Ref, fresh, json_of, ref, untupled, wire

BETWEEN = '\x1f'  # between the reprs of what has no order


class Parked(Exception):
    """What a model raises where the call waits."""


class Run:
    def __init__(self, seed, out):
        self.r = random.Random(seed)
        self.out = out
        self.slots = []
        self.typeids = []
        self.moves = 0  # how often keys of dicts came or went
        self.flavour = Flavour(self.r.choice(['number', 'str', 'mixed', 'mixed']))
        self.line('seed', seed)

    def line(self, *fields):
        self.out.write('\t'.join(str(f) for f in fields).replace('\n', ' ') + '\n')

    def put(self, typeid, obj):
        self.slots.append(obj)
        self.typeids.append(typeid)
        return len(self.slots) - 1

    def ref(self, slot):
        return ref(self.typeids[slot], slot)

    def new(self, typeid, make, args=(), kwargs={}):
        """A new referent, and the slot that it is in; None: its constructor raises."""
        kind, made = self.outcome(None, make)
        slot = self.put(typeid, made) if kind == '=' else self.put('', None)
        self.line('new', slot, typeid, json_of(list(args)), json_of(kwargs), kind, '' if kind == '=' else made)
        return slot if kind == '=' else None

    def outcome(self, obj, run):
        """(kind, result or what the error says); what raises changes nothing."""
        saved = obj.copy() if isinstance(obj, (list, dict, set)) else None
        inner = [(x, x.copy()) for x in insides(obj)] if isinstance(obj, (list, dict)) else []
        try:
            result = run()
            return '=', result
        except Parked as e:
            return 'parked', e.args[0]
        except Exception as e:
            for x, before in inner:
                self.moves += restore(x, before)
            if saved is not None:
                self.moves += restore(obj, saved)
            return type(e).__name__, repr(e.args[0]) if isinstance(e, KeyError) else str(e)

    def call(self, slot, method, args=(), kwargs={}, run=None, unordered=False, who=0):
        """A call by the session `who`, and what it must give."""
        kind, result = self.outcome(self.slots[slot], run)
        at = ''
        if kind == 'parked':
            at, text = result, ''
        elif kind == '=' and type(result).__name__.endswith('iterator'):
            at, text = self.put('Iterator', result), '<Iterator>'
        elif isinstance(result, Ref):
            at, text = result.slot, self.text(kind, result)
        elif kind == '=' and (isinstance(result, set) or unordered):
            kind, text = '~', unordered_text(result)
        else:
            text = self.text(kind, result)
        self.line('call', who, slot, method, json_of(list(args)), json_of(kwargs), kind, text, at)
        return kind, result

    @staticmethod
    def text(kind, result):
        if kind != '=':
            return result
        if isinstance(result, Ref):
            return '<%s>' % type(result).__name__
        return repr(wire(result)).replace(repr(EDGE)[1:-1], EDGE)  # in a repr of a repr

    def show(self, slot):
        """What its repr and its value are."""
        o = self.slots[slot]
        method = self.r.choice(['getvalue', 'getvalue', 'repr', 'str'])
        if isinstance(o, set) or method == 'getvalue':
            self.call(slot, 'getvalue', run=lambda: o)
        else:
            self.call(slot, method, run=lambda: repr(wire(o)))


def unordered_text(items):
    return BETWEEN.join(repr(untupled(x)) for x in items)


# ---- what raises changes nothing -------------------------------------------------------------

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


def unalias(o):
    """What is stored twice is stored as two values."""
    for k in (range(len(o)) if isinstance(o, list) else list(o)):
        if isinstance(o[k], (list, dict)):
            o[k] = fresh(o[k])
