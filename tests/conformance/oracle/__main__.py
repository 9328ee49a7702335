#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""python3 oracle FAMILY FIRST LAST OPERATIONS -- random operations on CPython's own objects.

Writes one line an operation, with what it must give, for a test that does the same to referents:

    seed N
    new SLOT TYPEID ARGS KWARGS KIND TEXT
    share SLOT WHO
    call WHO SLOT METHOD ARGS KWARGS KIND TEXT AT
    cancel CALL
    pass SECONDS
    answer CALL KIND TEXT
    parked N

Fields are separated by tabs. WHO is the session that calls, with a thread behind a point. ARGS and KWARGS are JSON with Holdfast's $-forms.
KIND is "=" and TEXT the result's repr; or "~" and TEXT has the reprs of the result's items, as the order of a set is not
promised; or KIND is the exception's class and TEXT what it says. AT is the slot of the referent whose handle the result
is: an Iterator's is a new one. KIND "parked" has no text, and AT is the CALL's number: `answer` says what such a call has
been answered by now, `parked` how many have not been. A slot's number between two \\x1a is to be its object's number.

What Holdfast promises beyond CPython is added here: a method that raises changes nothing, and some methods more.
"""
import sys

import containers
import locks
import queues
import typed

FAMILIES = {'containers': containers.one_seed, 'locks': locks.one_seed, 'queues': queues.one_seed, 'typed': typed.one_seed}


def main():
    one_seed = FAMILIES[sys.argv[1]]
    first, last, n_operations = map(int, sys.argv[2:5])
    for seed in range(first, last + 1):
        one_seed(seed, n_operations, sys.stdout)


try:
    main()
except BrokenPipeError:  # the test has failed and says why
    sys.stderr.close()
    sys.exit(1)
