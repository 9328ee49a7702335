# SPDX-License-Identifier: MPL-2.0
"""containers -- a seed of lists, dicts, sets, their Iterators, and handles of each inside the other."""
from dicts import dict_step, new_dict
from iterators import close, iterator_step, refuse
from lists import list_step, new_list
from run import Run, unalias
from sets import new_set, set_step


class Containers(Run):
    """Some of each, and all Iterators. Who may hold a handle of whom goes one way, so that there is no circle."""

    def __init__(self, seed, out):
        super().__init__(seed, out)
        self.at = {'list': [], 'dict': [], 'set': []}
        self.over = {}  # Iterators over a dict: slot to the dict, the moves and the size that it began with
        while not self.at['set']:
            self.make('set')
        while len(self.at['set']) < 2:
            self.make('set')
        while not self.at['dict']:
            self.make('dict')
        while not self.at['list']:
            self.make('list')

    def make(self, typeid):
        """A new one; of three the first is left alone from then on."""
        self.allow(typeid)
        if typeid == 'set':
            slot = new_set(self, self.at['set'])
        else:
            slot = (new_list if typeid == 'list' else new_dict)(self, self.at['list'] + self.at['dict'])
        if slot is not None:
            self.at[typeid] = (self.at[typeid] + [slot])[-2:]
            self.settle(slot)

    def allow(self, typeid):
        """Values among which are handles of what that type may hold."""
        below = {'set': [], 'dict': self.at['set'], 'list': self.at['set'] + self.at['dict']}[typeid]
        self.flavour.refs = [self.ref(slot) for slot in below]

    def settle(self, slot):
        if not isinstance(self.slots[slot], set):
            unalias(self.slots[slot])

    def step(self):
        typeid = self.r.choices(['list', 'dict', 'set'], [5, 4, 4])[0]
        x = self.r.random()
        if x < .01:
            self.make(typeid)
            return
        if x < .012:
            self.new('Iterator', refuse, [[1, 2]])
            return
        self.allow(typeid)
        slot = self.r.choice(self.at[typeid])
        before = len(self.slots)
        keys = [list(map(id, self.slots[k])) for k in self.at['dict']]
        if typeid == 'set':
            set_step(self, slot, self.at['set'])
        else:
            (list_step if typeid == 'list' else dict_step)(self, slot, self.at['list'] + self.at['dict'])
        self.moves += keys != [list(map(id, self.slots[k])) for k in self.at['dict']]
        self.settle(slot)
        if len(self.slots) > before and typeid == 'dict':
            self.over[before] = slot, self.moves, len(self.slots[slot])
        if self.r.random() < .25:
            self.show(slot)

    def iterate(self):
        """A step of one of the last Iterators, if there is one."""
        live = [i for i in range(len(self.slots) - 5, len(self.slots)) if i >= 0 and self.typeids[i] == 'Iterator']
        if not live:
            return
        slot = self.r.choice(live)
        # CPython promises nothing for a dict whose keys changed and whose size did not: nor do we test it.
        if slot in self.over:
            of, moves, size = self.over[slot]
            if moves != self.moves and size == len(self.slots[of]):
                self.over.pop(slot)
                close(self, slot)
                return
        iterator_step(self, slot)


def one_seed(seed, n_operations, out):
    run = Containers(seed, out)
    for _ in range(n_operations):
        if run.r.random() < .2:
            run.iterate()
        run.step()
    for slots in run.at.values():
        for slot in slots:
            run.show(slot)
