#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""checked.py HOLDFASTD HOLDFAST INCLUDE CC PLUGIN.so… -- check-plugin finds no fault with each PLUGIN, and all faults of others.

Each bad one is a few lines of C, compiled here, among them some that crash, hang or end the process when they are
loaded. None of its functions may run: `open` and `create` of the sound one say so on stderr.
"""
import json
import os
import subprocess
import sys
import tempfile

SOUND = '''#include <holdfast/plugin.h>
int printf(const char *, ...);
static hf_err_t run(hf_call_t *call, void *self) { (void)self; return hf_return_nil(call); }
static hf_err_t create(hf_call_t *call, void *self) { (void)call; (void)self; printf("it was run\\n"); return HF_OK; }
static const hf_method_t rows[] = {HF_METHOD("run", "x: int = 1 -> any", run, HF_READS | HF_SENSITIVE, "Run.")};
static const hf_type_t type = {HF_TYPE("Sound", int, rows, "One."), .create = create};
'''
PLUGIN = 'HF_PLUGIN("sound", "2.5.0", &type);\n'
AT_LOAD = '__attribute__((constructor)) static void at_load(void) { %s }\n'
BAD_ROWS = '''#include <holdfast/plugin.h>
static hf_err_t run(hf_call_t *call, void *self) { (void)self; return hf_return_nil(call); }
static const hf_method_t rows[] = {HF_METHOD("run", "x: integer", run, HF_READS, "Run.")};
static const hf_method_t other_rows[] = {HF_METHOD("run", "", run, 0, "Run.")};
static const hf_type_t type = {HF_TYPE("One", int, rows, "One.")};
static const hf_type_t other = {HF_TYPE("Other", int, other_rows, "Other.")};
HF_PLUGIN("bad", "1.0.0", &type, &other);
'''
OLD = '''#include <holdfast/plugin.h>
__attribute__((visibility("default"))) extern const hf_plugin_t hf_plugin;
const hf_plugin_t hf_plugin = {.magic = HF_ABI_MAGIC, .major = 9, .minor = 1, .size = 40, .name = (const char *)1};
'''

# what it is called, its source, what must be said, as problems and as notes
CASES = [
    ('exports', SOUND + PLUGIN + '__attribute__((visibility("default"))) int more = 1;\n', ['it exports more:'], []),
    ('rows', BAD_ROWS, ['type One, method run: signature "x: integer"', 'type Other, method run: neither HF_READS'], []),
    ('major', OLD, ['it is made for ABI 9.1, this manager has 1.'], []),
    ('nothing', 'int nothing = 1;\n', ['nothing.so is no plugin: it exports no hf_plugin'], []),
    ('undefined', SOUND + PLUGIN + 'int not_there(void);\nint call_it(void);\nint call_it(void) { return not_there(); }\n',
     ['undefined symbol: not_there'], []),
    ('manager', SOUND + PLUGIN + 'int zmq_errno(void);\nint call_it(void);\nint call_it(void) { return zmq_errno(); }\n',
     ['it needs zmq_errno of nothing that it is linked with'], []),
    ('crash', SOUND + PLUGIN + AT_LOAD % '*(volatile int *)8 = 1;', ['it crashed while it was loaded'], []),
    ('end', SOUND + PLUGIN + 'void _exit(int);\n' + AT_LOAD % '_exit(3);', ['it ended the process that loaded it (status 3)'], []),
    ('lie', SOUND + PLUGIN + 'long write(int, const void *, unsigned long);\nvoid _exit(int);\n' +
     AT_LOAD % 'for (int fd = 3; fd < 20; fd++) write(fd, "\\x81\\xa8pro", 5); _exit(0);',
     ['it ended the process that loaded it (status 0)'], ['it uses write']),
    ('hang', SOUND + PLUGIN + AT_LOAD % 'for (volatile int k = 0;; k++) continue;', ['it was still not loaded'], []),
    ('impure', SOUND + PLUGIN + 'long time(long *);\nlong when(void);\nlong when(void) { return time(0); }\n', [],
     ['it uses time:', 'it uses p']),
    ('taken', SOUND.replace('"Sound"', '"list"') + PLUGIN, [], ['typeid list is taken by plugin containers']),
]


class World:
    def __init__(self, daemon, tool, include, cc, folder):
        self.daemon, self.tool, self.include, self.cc, self.folder = daemon, tool, include, cc, folder
        self.env = {**os.environ, 'XDG_RUNTIME_DIR': folder}
        self.bad = []

    def build(self, name, source):
        c, so = (os.path.join(self.folder, f'{name}.{kind}') for kind in ('c', 'so'))
        with open(c, 'w') as to:
            to.write(source)
        subprocess.run([self.cc, '-shared', '-fPIC', '-w', '-fvisibility=hidden', f'-I{self.include}', c, '-o', so],
                       check=True)
        os.chmod(so, 0o755)
        return so

    def check(self, name, path, problems, notes):
        """The tool and the daemon say the same; each wanted line is there, and no problem that is not wanted."""
        for command in ([self.tool, '--json', 'check-plugin', path], [self.daemon, '--check-plugin', path]):
            done = subprocess.run(command, text=True, capture_output=True, env=self.env, timeout=60)
            try:
                said = json.loads(done.stdout)
            except ValueError:
                said = {'problems': ['no JSON'], 'notes': []}
            good = (done.returncode == (1 if problems else 0) and len(said['problems']) >= len(problems)
                    and all(any(p in s for s in said['problems']) for p in problems)
                    and (bool(problems) or said['problems'] == [])
                    and all(any(n in s for s in said['notes']) for n in notes)
                    and 'it was run' not in done.stdout + done.stderr)
            if not good:
                self.bad.append(f'{name}: status {done.returncode}, wanted {problems}, {notes}, said\n{done.stdout}{done.stderr}')
            if name == 'hang':
                break
        return said

    def sound(self):
        so = self.build('sound', SOUND + PLUGIN)
        said = self.check('sound', so, [], ['it uses p'])
        row = {'name': 'run', 'signature': 'x: int = 1 -> any', 'doc': 'Run.', 'flags': ['reads', 'sensitive'],
               'returns': None, 'since': None, 'deprecated': None}
        if (said['plugin'], said['version']) != ('sound', '2.5.0') or said['types'][0]['methods'] != [row]:
            self.bad.append(f'sound: {said}')
        shown = subprocess.run([self.tool, 'check-plugin', so], text=True, capture_output=True, env=self.env).stdout
        for line in ('plugin sound 2.5.0, ABI 1.', 'run(x: int = 1) -> any', '[reads, sensitive]', '\nno problem\n'):
            if line not in shown:
                self.bad.append(f'sound: no {line!r} in\n{shown}')
        return so

    def files(self, so):
        os.chmod(so, 0o777)
        self.check('open file', so, ['sound.so can be written by others'], [])
        os.chmod(so, 0o755)
        os.chmod(self.folder, 0o770)
        self.check('open folder', so, ['can be written by others'], [])
        os.chmod(self.folder, 0o700)
        self.check('absent', os.path.join(self.folder, 'absent.so'), ['No such file'], [])
        self.check('folder', self.folder, ['is no file'], [])
        text = self.build('text', SOUND + PLUGIN)
        with open(text, 'r+b') as to:
            to.truncate(1000)
        self.check('cut', text, ['symbols is missing or broken'], [])
        with open(text, 'w') as to:
            to.write('no ELF\n')
        self.check('text', text, ['is no shared object'], [])
        for words, status in ((['check-plugin'], 2), (['check-plugin', so, so], 2), (['check-plugin', so, '--name', 'x'], 2)):
            done = subprocess.run([self.tool, *words], text=True, capture_output=True, env=self.env)
            if done.returncode != status or done.stdout != '':
                self.bad.append(f'{words}: status {done.returncode}: {done.stdout}{done.stderr}')

    def run(self, plugins):
        self.files(self.sound())
        for plugin in plugins:
            self.check(os.path.basename(plugin), plugin, [], [])
        for name, source, problems, notes in CASES:
            self.check(name, self.build(name, source), problems, notes)
        left = os.listdir(os.path.join(self.folder, 'holdfast'))
        if any(name.startswith('check.') for name in left):
            self.bad.append(f'left behind: {left}')
        return self.bad


def main(daemon, tool, include, cc, *plugins):
    with tempfile.TemporaryDirectory() as folder:
        bad = World(daemon, tool, include, cc, os.path.realpath(folder)).run(plugins)
    print('\n'.join(bad) if bad else f'checked: {len(CASES) + 7} bad, {len(plugins) + 1} good, ok')
    return 1 if bad else 0


sys.exit(main(*sys.argv[1:]))
