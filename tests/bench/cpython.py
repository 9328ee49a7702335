#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""cpython.py serve SOCKET | load SOCKET WORK CLIENTS N SECONDS -- CPython's own managers under the same load.

`serve` runs a BaseManager with a Counter, a list and a dict; `load` prints operations a second as bench.load does.
"""
import multiprocessing as mp
import sys
import time
from multiprocessing.managers import BaseManager, DictProxy


class Counter:
    def __init__(self):
        self.count = 0

    def add(self, by=1):
        self.count += by
        return self.count


shared = Counter()


class Manager(BaseManager):
    pass


Manager.register('Counter', Counter)
Manager.register('shared', callable=lambda: shared, exposed=['add'])
Manager.register('dict', dict, DictProxy)


def work_once(work, n, m, counter, store):
    if work == 'churn':
        made = [m.Counter() for _ in range(n)]
        del made
        return n
    if work == 'big':
        store['big'] = BIG
        store['big']
        return 1
    for _ in range(32):
        counter.add(1)
    return 32


BIG = bytes(1 << 20)


def client(socket, work, n, seconds, ready, start, result):
    m = Manager(address=socket, authkey=b'bench')
    m.connect()
    counter, store = m.shared(), m.dict()

    def rate(seconds):
        done, begin = 0, time.monotonic()
        while time.monotonic() - begin < seconds:
            done += work_once(work, n, m, counter, store)
        return done / (time.monotonic() - begin)
    rate(seconds / 5)
    ready.release()
    start.wait()
    result.put(rate(seconds))


def load(socket, work, clients, n, seconds):
    c = mp.get_context('fork')
    ready, start, result = c.Semaphore(0), c.Event(), c.Queue()
    all_ = [c.Process(target=client, args=(socket, work, n, seconds, ready, start, result)) for _ in range(clients)]
    for p in all_:
        p.start()
    for _ in all_:
        ready.acquire()
    start.set()
    print('%.1f' % sum(result.get() for _ in all_))
    for p in all_:
        p.join()


if sys.argv[1] == 'serve':
    server = Manager(address=sys.argv[2], authkey=b'bench').get_server()
    print('ready', flush=True)
    server.serve_forever()
else:
    load(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6]))
