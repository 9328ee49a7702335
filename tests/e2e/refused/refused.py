#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""refused.py HOLDFASTD INCLUDE CC -- plugins that a manager must not take in: exit 1, and one line that says why.

Each plugin is a few lines of C, compiled here. The sound one is taken, so that the others are refused for their
fault alone.
"""
import os
import subprocess
import sys
import tempfile

TYPE = '''#include <holdfast/plugin.h>
static hf_err_t run(hf_call_t *call, void *self) { (void)self; return hf_return_nil(call); }
static const hf_method_t rows[] = {HF_METHOD("run", SIGNATURE, run, FLAGS, "Run.")};
static const hf_type_t type = {HF_TYPE(TYPEID, int, rows, "One.")};
'''
SOUND = TYPE + 'HF_PLUGIN(NAME, "1.0.0", &type);\n'
RAW = TYPE + '''static const hf_type_t *const types[] = {&type, NULL};
__attribute__((visibility("default"))) extern const hf_plugin_t hf_plugin;
const hf_plugin_t hf_plugin = {.magic = MAGIC, .major = MAJOR, .minor = MINOR, .size = SIZE, .name = NAME,
                               .version = "1.0.0", .types = types};
'''
DEFAULTS = {'SIGNATURE': '""', 'FLAGS': 'HF_READS', 'TYPEID': '"Sound"', 'NAME': '"sound"', 'MAGIC': 'HF_ABI_MAGIC',
            'MAJOR': 'HF_ABI_MAJOR', 'MINOR': 'HF_ABI_MINOR', 'SIZE': 'sizeof(hf_plugin_t)'}

# what it is called, its source, what is defined otherwise, what is said of it
CASES = [
    ('magic', RAW, {'MAGIC': '0xdeadbeef'}, 'its magic is 0xdeadbeef, a plugin\'s is 0x48464c44'),
    ('major', RAW, {'MAJOR': '2', 'MINOR': '0'}, 'it is made for ABI 2.0, this manager has 1.'),
    ('minor', RAW, {'MINOR': '99'}, 'it is made for ABI 1.99, this manager has only 1.'),
    ('size', RAW, {'SIZE': '24'}, 'its descriptor\'s size is 24, this manager\'s is'),
    ('typeid', SOUND, {'TYPEID': '"list"'}, 'typeid list is taken by plugin containers'),
    ('manager', SOUND, {'TYPEID': '"manager"'}, 'typeid manager is'),
    ('name', SOUND, {'NAME': '"containers"', 'TYPEID': '"Other"'}, 'plugin containers: version'),
    ('signature', SOUND, {'SIGNATURE': '"x: integer"'},
     'type Sound, method run: signature "x: integer" at position 4: there is no type \'integer\''),
    ('flags', SOUND, {'FLAGS': '0'}, 'type Sound, method run: neither HF_READS nor HF_WRITES'),
    ('nothing', 'int nothing = 1;\n', {}, 'exports no hf_plugin'),
    ('undefined', SOUND + 'int not_there(void);\nint call_it(void);\nint call_it(void) { return not_there(); }\n', {},
     'undefined symbol: not_there'),
]


class World:
    def __init__(self, daemon, include, cc, folder):
        self.daemon, self.include, self.cc, self.folder = daemon, include, cc, folder
        self.env = {**os.environ, 'XDG_RUNTIME_DIR': folder}
        self.bad = []

    def build(self, name, source, defines):
        c, so = (os.path.join(self.folder, f'{name}.{kind}') for kind in ('c', 'so'))
        with open(c, 'w') as to:
            to.write(source)
        flags = [f'-D{k}={v}' for k, v in {**DEFAULTS, **defines}.items()]
        subprocess.run([self.cc, '-shared', '-fPIC', '-fvisibility=hidden', f'-I{self.include}', *flags, c, '-o', so],
                       check=True)
        os.chmod(so, 0o755)
        return so

    def check(self, name, says, *plugins):
        command = [self.daemon, '--check', *(word for p in plugins for word in ('--plugin', p))]
        done = subprocess.run(command, text=True, capture_output=True, env=self.env, timeout=30)
        lines = done.stderr.splitlines()
        if says is None:
            good = done.returncode == 0
        else:
            good = done.returncode == 1 and len(lines) == 1 and says in lines[0] and lines[0].startswith('holdfastd: ')
        if not good:
            self.bad.append(f'{name}: status {done.returncode}, wanted {says!r}, said:\n{done.stdout}{done.stderr}')

    def files(self, so):
        """What the file itself may be, and where it may lie."""
        absent = os.path.join(self.folder, 'absent.so')
        self.check('absent', 'absent.so: No such file', absent)
        text = os.path.join(self.folder, 'text.so')
        with open(text, 'w') as to:
            to.write('not an ELF file\n')
        os.chmod(text, 0o755)
        self.check('text', 'text.so cannot be mapped', text)
        self.check('folder', 'is no file', self.folder)
        os.chmod(so, 0o777)
        self.check('open file', 'sound.so can be written by others', so)
        os.chmod(so, 0o755)
        os.chmod(self.folder, 0o777)
        self.check('open folder', 'can be written by others', so)
        os.chmod(self.folder, 0o700)

    def run(self):
        so = self.build('sound', SOUND, {})
        self.check('sound', None, so)
        self.check('twice', None, so, so)  # the same file is the same plugin
        again = self.build('again', SOUND, {'NAME': '"again"'})
        self.check('two of one typeid', 'typeid Sound is taken by plugin sound', so, again)
        for name, source, defines, says in CASES:
            self.check(name, says, self.build(name, source, defines))
        self.files(so)
        return self.bad


def main(daemon, include, cc):
    with tempfile.TemporaryDirectory() as folder:
        bad = World(daemon, include, cc, os.path.realpath(folder)).run()
    print('\n'.join(bad) if bad else f'refused: {len(CASES) + 8} cases, ok')
    return 1 if bad else 0


sys.exit(main(*sys.argv[1:]))
