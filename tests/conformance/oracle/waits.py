# SPDX-License-Identifier: MPL-2.0
"""waits -- who waits at what: models of objects at which calls wait, the time that passes, and calls that are cancelled."""
import inspect

from run import Parked, Run

SESSIONS = 3
NAN = 'Invalid value NaN (not a number)'


class Unserializable(Exception):
    pass


class Waiter:
    def __init__(self, number, who, deadline, **more):
        self.number, self.who, self.deadline = number, who, deadline
        self.__dict__.update(more)


class Model:
    """One object of CPython's, and who waits there: `lists` are of Waiters, first come first."""

    def __init__(self, run, *lists):
        self.run = run
        self.lists = lists

    def park(self, waiters, timeout=None, **more):
        w = Waiter(self.run.next_number(), self.run.who, None if timeout is None else self.run.now + timeout, **more)
        waiters.append(w)
        raise Parked(w.number)

    def answer(self, waiter, kind, result):
        self.run.answers.append((waiter, kind, result))

    def waiting(self):
        return [(of, w) for of in self.lists for w in of]

    def is_fixed(self, waiter):
        """Whether what comes of its cancellation is not promised."""
        return False

    def late(self, of, waiter):
        """Its time is up; it is off its list."""
        raise NotImplementedError


class Waits(Run):
    """A seed of models, called by several sessions."""

    def __init__(self, seed, out):
        super().__init__(seed, out)
        self.who = 0
        self.now = 0.0
        self.numbers = 0
        self.answers = []  # waiter, kind, result: what has been answered and not yet told
        self.live = []

    def next_number(self):
        self.numbers += 1
        return self.numbers - 1

    def shared(self, slot):
        for who in range(1, SESSIONS):
            self.line('share', slot, who)
        return slot

    def caller(self):
        return self.r.randrange(SESSIONS)

    def do(self, slot, method, args, run=None):
        m = self.slots[slot]
        self.who = self.caller()
        args, kwargs = self.some_named(m, method, args)
        self.call(slot, method, args, kwargs, run=run or (lambda: getattr(m, method)(*args, **kwargs)), who=self.who)
        self.tell()

    def some_named(self, m, method, args):
        """Sometimes the last of the arguments by their names."""
        if not args or self.r.random() < .7:
            return args, {}
        names = list(inspect.signature(getattr(m, method)).parameters)
        k = self.r.randrange(len(args))
        return (args, {}) if len(args) > len(names) else (args[:k], dict(zip(names[k:], args[k:])))

    def tell(self):
        """Who has been answered, and that nobody else has."""
        for w, kind, result in self.answers:
            self.line('answer', w.number, kind, self.text(kind, result))
        self.answers.clear()
        self.line('parked', sum(len(m.waiting()) for m in self.models()))

    def models(self):
        return [m for m in self.slots if isinstance(m, Model)]

    def step(self):
        slot = self.r.choice(self.live)
        m = self.slots[slot]
        x = self.r.random()
        if x < .02:
            self.make()
        elif x < .05:
            self.pass_time()
        elif x < .09 and m.waiting():
            self.cancel(m)
        elif x < .11:
            name = self.r.choice(['repr', 'str', 'getvalue'])
            self.do(slot, name, [], run=lambda: self.plain(slot, name))
        else:
            self.operate(slot, m)

    def plain(self, slot, name):
        if name == 'getvalue':
            raise Unserializable('%s has no value form' % self.typeids[slot])
        return repr(self.ref(slot))

    def pass_time(self):
        seconds = self.r.choice([.25, 1, 3])
        self.now += seconds
        self.line('pass', seconds)
        while True:
            due = [(w.deadline, w.number, m, of, w) for m in self.models() for of, w in m.waiting()
                   if w.deadline is not None and w.deadline <= self.now]
            if not due:
                break
            _, _, m, of, w = min(due, key=lambda d: d[:2])
            of.remove(w)
            m.late(of, w)
        self.tell()

    def cancel(self, m):
        of, w = self.r.choice(m.waiting())
        if m.is_fixed(w):
            return
        of.remove(w)
        self.line('cancel', w.number)
        m.answer(w, 'Cancelled', 'the call was cancelled')
        self.tell()
