# SPDX-License-Identifier: MPL-2.0
"""queues -- CPython's queues, those who wait at them, and one random operation.

Whoever waits is answered as soon as what it waits for can be done without waiting, first come first served: what CPython's
own queues do, but for the order. shutdown is 3.13's; get_many, put_many are Holdfast's.

An item without an order is refused where it is put, and nothing has changed (CPython leaves it in the heap).

What is not promised is not asked: how many items a waiting get_many gets of a put_many that waits itself, which items a
LifoQueue or a PriorityQueue gives to whom waits meanwhile, which items of a put_many that waits count as put by now, when it
learns that one has no order, and what comes of two that meet without an order on their way out.
"""
import queue

from values import Flavour, bad, is_nan, odd_number_of, value
from waits import NAN, Model, Waits

MAKERS = {'Queue': queue.Queue, 'JoinableQueue': queue.Queue, 'LifoQueue': queue.LifoQueue,
          'PriorityQueue': queue.PriorityQueue}

class ShutDown(Exception):
    pass


class Queue(Model):
    """One queue of CPython's, and who waits there."""

    def __init__(self, run, typeid, maxsize):
        self.typeid = typeid
        self.q = MAKERS[typeid](maxsize)
        self.getters, self.putters, self.joiners = [], [], []
        self.is_shut = False
        super().__init__(run, self.getters, self.putters, self.joiners)

    def room(self):
        return self.q.maxsize - self.q.qsize() if self.q.maxsize > 0 else 2**31

    def wait(self, waiters, timeout=None, items=(), n=None):
        """`is_touched`: some of a put_many are taken in."""
        self.park(waiters, timeout, items=list(items), n=n, is_touched=False)

    def put_all(self, items):
        """All or nothing."""
        before, unfinished = list(self.q.queue), self.q.unfinished_tasks
        try:
            for item in items:
                self.q._put(item)
                self.q.unfinished_tasks += 1
        except TypeError:
            self.q.queue.clear()
            self.q.queue.extend(before)
            self.q.unfinished_tasks = unfinished
            raise

    def settle(self):
        """Items to getters and room to putters, as long as there are both."""
        while self.getters and self.q.qsize() or self.putters and self.room() > 0:
            if self.getters and self.q.qsize():
                w = self.getters.pop(0)
                self.answer(w, '=', self.q.get_nowait() if w.n is None else self.several(w.n))
                continue
            w = self.putters[0]
            if w.items:
                try:
                    self.put_all([w.items.pop(0)])
                except TypeError as e:
                    self.answer(self.putters.pop(0), 'TypeError', str(e))
                    continue
                w.is_touched = True
            if not w.items:
                self.answer(self.putters.pop(0), '=', None)
        if self.q.unfinished_tasks == 0:
            while self.joiners:
                self.answer(self.joiners.pop(0), '=', None)

    def several(self, n):
        return [self.q.get_nowait() for _ in range(min(n, self.q.qsize()))]

    # ---- the methods ----

    def put(self, item, block=True, timeout=None):
        if self.is_shut:
            raise ShutDown
        if block and self.q.maxsize > 0 and timeout is not None and not timeout >= 0:
            raise ValueError("'timeout' must be a non-negative number" if timeout < 0 else NAN)
        if self.room() > 0 and not self.putters:
            self.put_all([item])
            self.settle()
        elif not block or timeout == 0:
            raise queue.Full
        else:
            self.wait(self.putters, timeout, [item])

    def put_nowait(self, item):
        return self.put(item, False)

    def put_many(self, items):
        if self.is_shut:
            raise ShutDown
        items = list(items)
        if self.putters:
            self.wait(self.putters, None, items)
        if len(items) <= self.room():
            self.put_all(items)
            items = []
        for k in range(len(items)):
            if self.room() == 0:
                self.settle()  # to getters
            if self.room() == 0:
                try:
                    self.wait(self.putters, None, items[k:])
                finally:
                    self.putters[0].is_touched = k > 0
            self.q.put_nowait(items[k])
        self.settle()

    def get(self, block=True, timeout=None):
        is_over = self.is_shut and not self.q.qsize()
        if block and not is_over and timeout is not None and not timeout >= 0:
            raise ValueError("'timeout' must be a non-negative number" if timeout < 0 else NAN)
        return self.take(None, block, timeout)

    def get_nowait(self):
        return self.take(None, False, None)

    def get_many(self, n, timeout=None):
        if n < 1:
            raise ValueError('n must be at least 1')
        if timeout != timeout:
            raise ValueError(NAN)
        return self.take(n, True, None if timeout is None else max(0, timeout))

    def take(self, n, block, timeout):
        if self.q.qsize():
            got = self.q.get_nowait() if n is None else self.several(n)
            self.settle()
            return got
        if self.is_shut:
            raise ShutDown
        if not block or timeout == 0:
            raise queue.Empty
        self.wait(self.getters, timeout, n=n)

    def join(self):
        if self.q.unfinished_tasks:
            self.wait(self.joiners)

    def task_done(self):
        self.q.task_done()
        self.settle()

    def shutdown(self, immediate=False):
        self.is_shut = True
        if immediate:
            self.q.unfinished_tasks -= min(self.q.unfinished_tasks, self.q.qsize())
            self.q.queue.clear()
        for w in self.putters + ([] if self.q.qsize() else self.getters):
            self.answer(w, 'ShutDown', '')
        self.putters.clear()
        if not self.q.qsize():
            self.getters.clear()
        self.settle()

    def qsize(self):
        return self.q.qsize()

    def empty(self):
        return self.q.empty()

    def full(self):
        return self.q.full()

    # ---- who waits ----

    def is_fixed(self, waiter):
        return waiter.is_touched

    def late(self, of, waiter):
        self.answer(waiter, 'Full' if of is self.putters else 'Empty', '')


class Queues(Waits):
    def __init__(self, seed, out):
        super().__init__(seed, out)
        self.flavour.refs = [self.ref(self.shared(self.new('list', list)))]
        while len(self.live) < 3:
            self.make()

    def make(self):
        typeid = self.r.choice(list(MAKERS))
        args = self.r.choice([[], [0], [1], [2], [2], [5], [-1], [True], ['x'], [1, 2]])
        slot = self.new(typeid, lambda: Queue(self, typeid, *checked(*args)), args)
        if slot is not None:
            self.live = (self.live + [self.shared(slot)])[-3:]

    def operate(self, slot, m):
        r = self.r
        v = self.item(m)
        timeout = r.choice([None, 0, .5, 1.5, 2.5, -1, 0.0, float('nan')])
        block = r.choice([True, False, 1, 0])
        choices = {
            'put': r.choice([[v], [v, block], [v, block, timeout], [v, True, timeout]]), 'put_nowait': [v],
            'get': r.choice([[], [block], [block, timeout], [True, timeout]]), 'get_nowait': [],
            'qsize': [], 'empty': [], 'full': [], 'task_done': [], 'join': [],
            'get_many': r.choice([[r.choice([0, 1, 3, 50])], [r.choice([-2, 1, 2, 3]), timeout]]),
            'put_many': [self.items(m)], 'shutdown': r.choice([[], [True], [False]]),
        }
        weights = {'put': 4, 'get': 4, 'shutdown': .15, 'put_many': 2, 'get_many': 2}
        method = r.choices(list(choices), [weights.get(k, 1) for k in choices])[0]
        args = choices[method]
        if self.is_promised(m, method, args):
            if r.random() < .01 and method not in ('put', 'get', 'get_many', 'shutdown'):
                args = odd_number_of(r, args)
            self.do(slot, method, args)

    def item(self, m):
        """Of a PriorityQueue's no two have an order with a third and none with each other; NaN has Holdfast's own."""
        v = value(self.r, self.flavour)
        while m.typeid == 'PriorityQueue' and (isinstance(v, (list, dict)) or is_nan(v)):
            v = value(self.r, self.flavour)
        return v

    def items(self, m):
        r = self.r
        return bad(r) if r.random() < .05 else r.choice(['ab', '']) if r.random() < .05 else \
            [self.item(m) for _ in range(r.choice([0, 1, 2, 3, 6]))]

    def is_promised(self, m, method, args):
        touched = any(w.is_touched for w in m.putters)
        if method in ('shutdown', 'join', 'task_done'):
            return not touched
        if method == 'put_many' and isinstance(args[0], (list, str)):
            if m.typeid not in ('Queue', 'JoinableQueue') and m.getters:
                return False
            if m.typeid == 'PriorityQueue' and len(args[0]) > m.room():
                return False
            return not any(w.n for w in m.getters) or len(args[0]) <= m.room()
        return True


def checked(maxsize=0):
    if not isinstance(maxsize, int):
        raise TypeError
    return [maxsize]


def one_seed(seed, n_operations, out):
    run = Queues(seed, out)
    run.flavour = Flavour(run.flavour.kind, run.flavour.refs)
    for _ in range(n_operations):
        run.step()
