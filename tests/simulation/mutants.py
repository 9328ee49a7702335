#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""mutants.py SIMULATION [--root DIR] [--seeds N] [--jobs N] [--json] [--only ID…] -- does the simulation notice?

SIMULATION is built with -DHF_MUTANTS=ON. Each rule of mutants.def is switched off, and seeds are run until one
fails; first of all none is off, and none may fail. A row for each rule: its id, the seed that killed it, the runs
that this took, the check that saw it. Exit status 1: a rule can be off and nothing fails, one stands in the table
and nowhere in the code (or the other way round), or seeds fail with no rule off.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROW = re.compile(r'HFI_RULE\s*\(\s*(\w+)\s*,\s*"([^"]*)"\s*,\s*"([^"]*)"\s*\)')
USE = re.compile(r'HFI_MUTANT\s*\(\s*(\w+)\s*\)')
SEEN = re.compile(r'^seed (\d+): (\w+): (.*)$', re.M)
HERE = pathlib.Path(__file__).resolve().parent


def rules():
    return [dict(zip(('id', 'rule', 'why_not'), row)) for row in ROW.findall((HERE / 'mutants.def').read_text())]


def names_in_code(root):
    """The names that HFI_MUTANT is used with, but for its own definition."""
    names = set()
    for room in ('sdk', 'core'):
        for path in (root / room).rglob('*.c'):
            names.update(USE.findall(path.read_text()))
    return names


def mismatches(table, used):
    wanted = {rule['id'] for rule in table if not rule['why_not']}
    used = used - {rule['id'] for rule in table if rule['why_not'].startswith('waits')}
    return ([f'{name}: a rule of the table that HFI_MUTANT switches off nowhere' for name in sorted(wanted - used)] +
            [f'{name}: HFI_MUTANT names no rule of the table that can be off' for name in sorted(used - wanted)])


def run(simulation, seeds, mutant):
    """(seed, check, what it said), or None where nothing failed: with one manager, then with two."""
    worlds = [[simulation], [simulation, '--pair']]
    if mutant and '_stub_' in mutant:  # of two managers first
        worlds.reverse()
    return run_worlds(worlds[0], seeds, mutant) or run_worlds(worlds[1], seeds, mutant)


def run_worlds(command, seeds, mutant):
    words = command + ['--seeds', f'1-{seeds}'] + (['--mutant', mutant] if mutant else [])
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
                          check=False)
    seen = SEEN.search(done.stdout)
    if seen:
        return int(seen[1]), seen[2], seen[3]
    if done.returncode == 0:
        return None
    if done.returncode == 2:
        sys.exit(done.stdout)
    seed = re.search(r'--seed (\d+)', done.stdout)  # an assertion stopped it; its note names the seed
    return (int(seed[1]) if seed else 0), 'assertion', done.stdout.strip().splitlines()[0]


def judge(simulation, seeds, rule):
    if rule['why_not']:
        return {**rule, 'state': 'vacuous'}
    seen = run(simulation, seeds, rule['id'])
    if seen is None:
        return {**rule, 'state': 'survived', 'runs': seeds}
    return {**rule, 'state': 'killed', 'seed': seen[0], 'runs': seen[0], 'check': seen[1], 'text': seen[2]}


def show(rows):
    print(f'{"id":28} {"seed":>5} {"runs":>5}  {"check":9} the rule that was off')
    for row in rows:
        if row['state'] == 'killed':
            print(f'{row["id"]:28} {row["seed"]:5} {row["runs"]:5}  {row["check"]:9} {row["rule"]}')
        elif row['state'] == 'survived':
            print(f'{row["id"]:28} {"-":>5} {row["runs"]:5}  SURVIVED  {row["rule"]}')
        else:
            print(f'{row["id"]:28} {"-":>5} {"-":>5}  {"-":9} {row["why_not"]}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('simulation')
    parser.add_argument('--root', type=pathlib.Path, default=HERE.parent.parent)
    parser.add_argument('--seeds', type=int, default=2000, help='the most runs for one rule')
    parser.add_argument('--sound', type=int, default=200, help='runs with no rule off')
    parser.add_argument('--jobs', type=int, default=os.cpu_count() or 1)
    parser.add_argument('--only', nargs='+', metavar='ID')
    parser.add_argument('--json', action='store_true')
    given = parser.parse_args()
    table = [rule for rule in rules() if not given.only or rule['id'] in given.only]
    wrong = [] if given.only else mismatches(table, names_in_code(given.root))
    if not table:
        parser.error('there is no such rule')
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        sound = pool.submit(run, given.simulation, given.sound, None)
        rows = list(pool.map(lambda rule: judge(given.simulation, given.seeds, rule), table))
    if sound.result() is not None:
        wrong.append('with no rule off, seed {} fails: {}: {}'.format(*sound.result()))
    survivors = [row['id'] for row in rows if row['state'] == 'survived']
    if given.json:
        print(json.dumps({'rules': rows, 'survivors': survivors, 'wrong': wrong, 'sound_runs': given.sound}, indent=2))
    else:
        show(rows)
        for line in wrong:
            print(line)
        killed = sum(row['state'] == 'killed' for row in rows)
        print(f'{killed} of {len(rows)} rules were off and seen, {len(survivors)} survived, '
              f'{len(rows) - killed - len(survivors)} cannot be off')
    return 1 if wrong or survivors else 0


if __name__ == '__main__':
    sys.exit(main())
