# SPDX-License-Identifier: MPL-2.0
"""tidy -- clang-tidy over every compiled .c, the longest first; what was clean and has not changed is not read again.

usage: tidy.py BUILD [JOBS]

BUILD holds compile_commands.json and what ninja knows of each object's headers, so it has been built. A file is
clean under a stamp: a hash of clang-tidy's version, its settings, the file's commands, and all that these read.
"""
import hashlib
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def deps_of(build):
    """{object: files it was compiled from}, as ninja recorded them."""
    deps, files = {}, None
    for line in run('ninja', '-C', build, '-t', 'deps').splitlines():
        if line.startswith('    ') and files is not None:
            files.append(os.path.normpath(os.path.join(build, line.strip())))
        elif ': #deps' in line:
            files = deps.setdefault(line.split(':')[0], [])
    return deps


class Hashes:
    """Hashes of files, each read once."""

    def __init__(self):
        self.known = {}

    def of(self, path):
        if path not in self.known:
            with open(path, 'rb') as file:
                self.known[path] = hashlib.sha256(file.read()).hexdigest()
        return self.known[path]


def stamps(build):
    """{source: stamp} of each compiled .c of ours; '' where ninja does not know what it reads."""
    ours, deps, hashes, parts = set(run('git', 'ls-files', '*.c').split()), deps_of(build), Hashes(), {}
    settings = run('git', 'ls-files', '.clang-tidy', '*/.clang-tidy').split()
    tool = run('clang-tidy', '--version') + ' '.join(hashes.of(path) for path in settings)
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as file:
        entries = json.load(file)
    for entry in entries:
        source = os.path.relpath(entry['file'])
        if source not in ours:
            continue
        words = entry['command'].split()
        read = deps.get(words[words.index('-o') + 1])
        known = parts.setdefault(source, [tool])
        known.append(entry['command'])
        known.append(None if not read else ' '.join(hashes.of(path) for path in read))
    return {source: '' if None in part else hashlib.sha256('\n'.join(part).encode()).hexdigest()
            for source, part in parts.items()}


def tidy(build, source):
    """Whether it is clean, what was said, and the seconds it took."""
    start = time.monotonic()
    done = subprocess.run(['clang-tidy', '-p', build, '--quiet', source], capture_output=True, text=True, check=False)
    said = done.stdout if done.stdout.strip() or done.returncode == 0 else done.stderr
    return done.returncode == 0, said, time.monotonic() - start


def remember(memory, files):
    """Writes what is known, after each file: a run that is cut off has not read in vain."""
    with open(memory + '.new', 'w', encoding='utf-8') as file:
        json.dump(files, file, indent=0)
    os.replace(memory + '.new', memory)


def main(build, jobs=None):
    build = os.path.abspath(build)
    memory = os.path.join(build, 'tidy.json')
    try:
        with open(memory, encoding='utf-8') as file:
            before = json.load(file)
    except (OSError, ValueError):
        before = {}
    now = stamps(build)
    seconds = {source: before.get(source, {}).get('seconds', os.path.getsize(source) / 3000) for source in now}
    todo = [source for source in now if not now[source] or before.get(source, {}).get('clean') != now[source]]
    todo.sort(key=lambda source: -seconds[source])
    bad = []
    with ThreadPoolExecutor(int(jobs or os.cpu_count())) as pool:
        runs = {pool.submit(tidy, build, source): source for source in todo}
        for done in as_completed(runs):
            source, (is_clean, said, took) = runs[done], done.result()
            before[source] = {'clean': now[source] if is_clean else '', 'seconds': round(took, 1)}
            remember(memory, {source: before[source] for source in now if source in before})
            if not is_clean:
                bad.append(source)
                print(said, end='', flush=True)
    print(f'clang-tidy: {len(now)} files, {len(todo)} read, {len(bad)} with findings')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
