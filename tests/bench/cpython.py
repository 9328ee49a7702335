#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""cpython.py serve SOCKET | load SOCKET WORK CLIENTS N SECONDS | waits SOCKET WORK CLIENTS SECONDS -- CPython's own managers
under the same load.

`serve` runs a BaseManager; `load` prints operations a second as bench.load does, `waits` as bench.waits does.
"""
import multiprocessing as mp
import os
import queue
import select
import statistics
import sys
import threading
import time
from multiprocessing.managers import AcquirerProxy, BaseManager, DictProxy, EventProxy, ListProxy


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


named = {}


def by_name(make):
    """Makes what a name stands for, once."""
    def get(name, *args):
        if name not in named:
            named[name] = make(*args)
        return named[name]
    return get


Manager.register('Lock', by_name(threading.Lock), AcquirerProxy)
Manager.register('Event', by_name(threading.Event), EventProxy)
Manager.register('Queue', by_name(queue.Queue), exposed=['get', 'put'])
Manager.register('list', by_name(list), ListProxy)


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


# ---- what processes wait for from each other -------------------------------------------------

def rate_of(seconds, step, n=1):
    """What step does, n a time, in a second."""
    done, begin = 0, time.monotonic()
    while time.monotonic() - begin < seconds:
        step()
        done += n
    return done / (time.monotonic() - begin)


def wait_lock(m, run, role):
    lock = m.Lock(run['name'])

    def pair():
        lock.acquire()
        lock.release()
    return rate_of(run['seconds'], pair)


def wait_handover(m, run, role):
    there, back = m.Queue(run['name'] + 'there'), m.Queue(run['name'] + 'back')

    def round_trip():
        there.put(1)
        back.get()
    if role == 0:
        rate = rate_of(run['seconds'], round_trip, 2)
        there.put(-1)
        return rate
    while there.get() >= 0:
        back.put(1)
    return 0


def wait_stream(m, run, role):
    q = m.Queue(run['name'], 1000)
    if role == 0:
        rate = rate_of(run['seconds'], q.get)
        run['is_over'].value = 1
        while q.get() >= 0:
            pass
        return rate
    while not run['is_over'].value:
        q.put(1)
    q.put(-1)
    return 0


def wait_event(m, run, role):
    event, (reader, writer) = m.Event(run['name']), run['pipe']
    if role == 1:
        while True:
            event.clear()
            writer.send(0)
            event.wait()
            woken = time.monotonic()
            if run['is_over'].value:
                return 0
            writer.send(woken)
    wakes, begin = [], time.monotonic()
    while time.monotonic() - begin < run['seconds']:
        reader.recv()
        select.select([], [], [], .001)  # what is measured is a wait that has begun to wait
        start = time.monotonic()
        event.set()
        wakes.append(reader.recv() - start)
    run['is_over'].value = 1
    reader.recv()
    event.set()
    return 1 / statistics.median(wakes)


def wait_iterate(m, run, role):
    items = m.list(run['name'])
    items.extend([7] * 10000)

    def all_of_it():
        for _ in items:
            pass
    return rate_of(run['seconds'], all_of_it, 10000)


def waiter(socket, work, run, role, result):
    m = Manager(address=socket, authkey=b'bench')
    m.connect()
    result.put(globals()['wait_' + work](m, run, role))


def waits(socket, work, clients, seconds):
    c = mp.get_context('fork')
    result = c.Queue()
    run = {'name': 'bench.%d' % os.getpid(), 'seconds': seconds, 'pipe': c.Pipe(False), 'is_over': c.Value('b', 0)}
    all_ = [c.Process(target=waiter, args=(socket, work, run, role, result)) for role in range(clients)]
    for p in all_:
        p.start()
    print('%.1f' % sum(result.get() for _ in all_))
    for p in all_:
        p.join()


if sys.argv[1] == 'waits':
    waits(sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
elif sys.argv[1] == 'serve':
    server = Manager(address=sys.argv[2], authkey=b'bench').get_server()
    print('ready', flush=True)
    server.serve_forever()
else:
    load(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6]))
