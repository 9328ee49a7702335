# SPDX-License-Identifier: MPL-2.0
"""locks -- CPython's threading, those who wait for it, and one random operation.

What can be had without waiting is asked of CPython's own objects; who has to wait gets it later the same way, first come
first served. An RLock's owner is a session's thread: CPython's own, written in Python, is told who calls.
holder, deaths, fence and the `locked` of an RLock are Holdfast's, a Barrier's indices in the order of arrival too.
"""
import threading
import types

from values import odd_number_of
from waits import NAN, SESSIONS, Model, Waits

THREADS = 2

calls_now = [None]  # who does


class RLock(threading._PyRLock):
    """CPython's own, but that it is told who calls."""


for name in ('acquire', 'release', '_is_owned', '_release_save', '_acquire_restore'):
    theirs = getattr(threading._PyRLock, name)
    setattr(RLock, name, types.FunctionType(theirs.__code__, {**vars(threading), 'get_ident': lambda: calls_now[0]}, name,
                                            theirs.__defaults__, theirs.__closure__))


def check_timeout(timeout):
    if timeout is not None and timeout != timeout:
        raise ValueError(NAN)


class Lock(Model):
    def __init__(self, run, typeid='Lock'):
        self.real = threading.Lock() if typeid == 'Lock' else RLock()
        self.is_recursive = typeid != 'Lock'
        self.owner, self.owners = None, 0
        self.waiters = []
        super().__init__(run, self.waiters)

    def is_free(self):
        return not (self.real._count if self.is_recursive else self.real.locked())

    def have(self, who, depth=1):
        """It is free: now it is theirs."""
        calls_now[0] = who
        self.real.acquire(False)
        if self.is_recursive:
            self.real._count = depth
        self.owner = who
        self.owners += 1

    def check(self, block, timeout):
        """What is refused is so of a free one too; the words are 3.14's."""
        try:
            (threading.RLock if self.is_recursive else threading.Lock)().acquire(block, timeout)
        except ValueError as e:
            raise ValueError(str(e).replace('must be positive', 'must be a non-negative number'))

    def acquire(self, block=True, timeout=None):
        calls_now[0] = self.run.who
        if timeout is not None:
            self.check(block, timeout)
        was_free = self.is_free()
        if was_free:
            self.have(self.run.who)
            return True
        if self.real.acquire(False):
            return True
        if not block or timeout == 0:
            return False
        self.park(self.waiters, None if timeout == -1 else timeout, depth=1, is_late=False)

    def release(self):
        calls_now[0] = self.run.who
        self.real.release()
        self.pass_on()

    def pass_on(self):
        while self.waiters and self.is_free():
            w = self.waiters.pop(0)
            self.have(w.who, w.depth)
            self.answer(w, '=', not w.is_late)

    def let_go(self):
        """Wholly; gives how deep it was."""
        depth = self.real._count if self.is_recursive else 1
        for _ in range(depth):
            self.real.release()
        self.pass_on()
        return depth

    def late(self, of, waiter):
        self.answer(waiter, '=', False)

    def locked(self):
        return not self.is_free()

    def holder(self):
        if self.is_free():
            return None
        return {'client': 'testing', 'thread': thread_of(self.owner)}

    def deaths(self):
        return 0

    def fence(self):
        return self.owners


def thread_of(who):
    return int(str(who).partition('.')[2] or 0)


class Condition(Model):
    def __init__(self, run, lock=None):
        self.lock = Lock(run, 'RLock') if lock is None else lock
        self.is_own = lock is None
        self.real = threading.Condition(self.lock.real)
        self.waiters = []
        super().__init__(run, self.waiters, *([self.lock.waiters] if self.is_own else []))
        for name in ('acquire', 'release', 'locked', 'holder', 'deaths', 'fence'):
            setattr(self, name, getattr(self.lock, name))

    def wait(self, timeout=None):
        calls_now[0] = self.run.who
        if not self.real._is_owned():
            self.real.wait(0)
        check_timeout(timeout)
        try:
            self.park(self.waiters, timeout, depth=None, is_late=False)
        finally:
            self.waiters[-1].depth = self.lock.let_go()

    def notify(self, n=1):
        calls_now[0] = self.run.who
        self.real.notify(n)
        for _ in range(min(n, len(self.waiters))):
            self.queue_up(self.waiters.pop(0))

    def notify_all(self):
        calls_now[0] = self.run.who
        self.real.notify_all()
        while self.waiters:
            self.queue_up(self.waiters.pop(0))

    def queue_up(self, waiter, is_late=False):
        """It goes on once it has the lock."""
        waiter.deadline, waiter.is_late = None, is_late
        self.lock.waiters.append(waiter)
        self.lock.pass_on()

    def late(self, of, waiter):
        if of is self.waiters:
            self.queue_up(waiter, True)
        else:
            self.answer(waiter, '=', False)


class Semaphore(Model):
    def __init__(self, run, typeid, *value):
        self.real = getattr(threading, typeid)(*value)
        self.waiters = []
        super().__init__(run, self.waiters)

    def acquire(self, block=True, timeout=None):
        if not block and timeout is not None:
            return self.real.acquire(False, timeout)
        check_timeout(timeout)
        if self.real.acquire(False):
            return True
        if not block or timeout is not None and timeout <= 0:
            return False
        self.park(self.waiters, timeout)

    def release(self, n=1):
        self.real.release(n)
        while self.waiters and self.real.acquire(False):
            self.answer(self.waiters.pop(0), '=', True)

    def get_value(self):
        return self.real._value

    def late(self, of, waiter):
        self.answer(waiter, '=', False)


class Event(Model):
    def __init__(self, run):
        self.real = threading.Event()
        self.waiters = []
        super().__init__(run, self.waiters)
        self.is_set, self.clear = self.real.is_set, self.real.clear

    def set(self):
        self.real.set()
        while self.waiters:
            self.answer(self.waiters.pop(0), '=', True)

    def wait(self, timeout=None):
        check_timeout(timeout)
        if self.real.is_set() or timeout is not None and timeout <= 0:
            return self.real.is_set()
        self.park(self.waiters, timeout)

    def late(self, of, waiter):
        self.answer(waiter, '=', False)


class Barrier(Model):
    def __init__(self, run, parties, timeout=None):
        if parties < 1:
            raise ValueError('parties must be >= 1')
        check_timeout(timeout)
        self.real = threading.Barrier(parties)
        self.timeout = timeout
        self.waiters = []
        super().__init__(run, self.waiters)

    def refuse(self):
        while self.waiters:
            self.answer(self.waiters.pop(0), 'BrokenBarrierError', '')

    def wait(self, timeout=None):
        timeout = self.timeout if timeout is None else timeout
        check_timeout(timeout)
        if self.real.broken:
            raise threading.BrokenBarrierError
        if len(self.waiters) + 1 < self.real.parties:
            if timeout is None or timeout > 0:
                self.park(self.waiters, timeout)
            self.abort()
            raise threading.BrokenBarrierError
        for k, w in enumerate(self.waiters):
            self.answer(w, '=', k)
        self.waiters.clear()
        return self.real.parties - 1

    def abort(self):
        self.real.abort()
        self.refuse()

    def reset(self):
        self.real.reset()
        self.refuse()

    def late(self, of, waiter):
        self.real.abort()
        self.answer(waiter, 'BrokenBarrierError', '')
        self.refuse()

    def parties(self):
        return self.real.parties

    def n_waiting(self):
        return len(self.waiters)

    def broken(self):
        return self.real.broken


LOCK = ['acquire', 'acquire', 'acquire', 'release', 'release', 'release', 'locked', 'holder', 'deaths', 'fence']
METHODS = {
    'Lock': LOCK, 'RLock': LOCK, 'Condition': LOCK + ['wait', 'wait', 'notify', 'notify', 'notify_all'],
    'Semaphore': ['acquire', 'release', 'get_value'], 'BoundedSemaphore': ['acquire', 'release', 'get_value'],
    'Event': ['is_set', 'set', 'clear', 'wait', 'wait'],
    'Barrier': ['wait', 'wait', 'wait', 'wait', 'wait', 'wait', 'abort', 'reset', 'reset', 'parties', 'n_waiting', 'broken'],
}


class Locks(Waits):
    def __init__(self, seed, out):
        super().__init__(seed, out)
        while len(self.live) < 4:
            self.make()

    def caller(self):
        """SESSION.THREAD; it is often the one who called last, so that it lets go again what it has."""
        if self.who and self.r.random() < .4:
            return self.who
        return '%d.%d' % (self.r.randrange(SESSIONS), self.r.randrange(THREADS))

    def make(self):
        r = self.r
        typeid = r.choice(list(METHODS))
        args = []
        if typeid in ('Lock', 'RLock'):
            slot = self.new(typeid, lambda: Lock(self, typeid))
        elif typeid == 'Condition':
            over = [s for s in self.live if self.typeids[s] in ('Lock', 'RLock')]
            lock = r.choice(over) if over and r.random() < .6 else None
            args = [] if lock is None else [self.ref(lock)]
            slot = self.new(typeid, lambda: Condition(self, None if lock is None else self.slots[lock]), args)
        elif typeid == 'Event':
            slot = self.new(typeid, lambda: Event(self))
        elif typeid == 'Barrier':
            args = [r.choice([1, 2, 3, 3, 4, 5, 5, 0, -1])] + r.choice([[], [], [.5], [2.5], [float('nan')]])
            slot = self.new(typeid, lambda: Barrier(self, *args), args)
        else:
            args = r.choice([[], [0], [1], [2], [3], [-1]])
            slot = self.new(typeid, lambda: Semaphore(self, typeid, *args), args)
        if slot is not None:
            self.live = (self.live + [self.shared(slot)])[-5:]

    def operate(self, slot, m):
        r = self.r
        typeid = self.typeids[slot]
        method = r.choice(METHODS[typeid])
        timeout = r.choice([None, 0, .5, 1.5, 2.5, -1, -5, float('nan')])
        args = []
        if method == 'acquire':
            args = r.choice([[], [], [True], [False], [True, timeout], [r.choice([1, 0]), timeout]])
        elif method == 'wait':
            if typeid == 'Condition' and timeout is not None and timeout <= 0:
                timeout = 2.5  # one that does not wait has to have the lock again all the same: when, is the manager's
            args = r.choice([[], [timeout], [timeout]])
        elif method == 'release' and typeid.endswith('Semaphore'):
            args = r.choice([[], [], [1], [2], [0], [-1]])
        elif method == 'notify':
            args = r.choice([[], [1], [2], [0], [50], [-1]])
        if r.random() < .01 and method not in ('acquire', 'wait', 'notify') and not typeid.endswith('Semaphore'):
            args = odd_number_of(r, args)
        self.do(slot, method, args)


def one_seed(seed, n_operations, out):
    run = Locks(seed, out)
    for _ in range(n_operations):
        run.step()
