#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""loading.py HOLDFASTD HOLDFAST INCLUDE CC -- plugins come while a manager serves, and each rule that keeps one out does.

A folder of its own is the manager's plugin_dir. Versions of one plugin replace each other at one path; what the older one
made lives on. All of it is recorded, and the record is replayed afterwards, when the files are gone.
"""
import json
import os
import subprocess
import sys
import tempfile

SOURCE = '''#include <holdfast/plugin.h>
static hf_err_t which(hf_call_t *call, void *self) { (void)self; return hf_return_str(call, WHICH, sizeof WHICH - 1); }
static const hf_method_t rows[] = {HF_METHOD("which", "-> str", which, HF_READS, "Which.")};
static const hf_type_t type = {HF_TYPE(TYPEID, int, rows, "One.")};
HF_PLUGIN(NAME, VERSION, &type);
'''


class World:
    def __init__(self, daemon, tool, include, cc, folder):
        self.daemon, self.tool, self.include, self.cc, self.folder = daemon, tool, include, cc, folder
        self.shop = os.path.join(folder, 'shop')
        self.endpoint = f'ipc://{folder}/manager.sock'
        self.record = os.path.join(folder, 'record')
        self.env = {**os.environ, 'XDG_RUNTIME_DIR': folder}
        self.bad = []
        os.mkdir(self.shop, 0o755)

    def build(self, path, version, which, name='versions', typeid='Versioned'):
        words = {'WHICH': which, 'TYPEID': typeid, 'NAME': name, 'VERSION': version}
        source = os.path.join(self.folder, 'source.c')
        with open(source, 'w') as to:
            to.write(SOURCE)
        subprocess.run([self.cc, '-shared', '-fPIC', '-fvisibility=hidden', f'-I{self.include}', source, '-o', path,
                        *(f'-D{k}="{v}"' for k, v in words.items())], check=True)
        os.chmod(path, 0o755)
        return path

    def start(self, *words):
        ready, told = os.pipe()
        manager = subprocess.Popen([self.daemon, *words, '--bind', self.endpoint, '--record', self.record,
                                    '--ready-fd', str(told)], pass_fds=[told], env=self.env, stderr=subprocess.PIPE, text=True)
        os.close(told)
        if not os.read(ready, 1):
            sys.exit(f'the manager did not start: {manager.communicate()[1]}')
        os.close(ready)
        return manager

    def stop(self, manager):
        manager.terminate()
        said = manager.communicate(timeout=30)[1]
        if manager.returncode != 0:
            self.bad.append(f'the manager ended with {manager.returncode}: {said}')
        done = subprocess.run([self.daemon, '--replay', self.record], env=self.env, capture_output=True, text=True)
        if done.returncode != 0 or 'outputs agree' not in done.stdout:
            self.bad.append(f'replay: {done.stdout}{done.stderr}')

    def ask(self, *words):
        return subprocess.run([self.tool, '-m', self.endpoint, '-t', '30', '--json', *words], capture_output=True, text=True,
                              env=self.env)

    def gives(self, want, *words):
        done = self.ask(*words)
        if done.returncode != 0 or (want is not None and json.loads(done.stdout) != want):
            self.bad.append(f'{words}: status {done.returncode}, {done.stdout}{done.stderr}, not {want!r}')
        return json.loads(done.stdout) if done.returncode == 0 and done.stdout else None

    def raises(self, kind, says, path):
        done = self.ask('load-plugin', path)
        if done.returncode != 1 or not done.stderr.startswith(f'{kind}: ') or says not in done.stderr:
            self.bad.append(f'load-plugin {path}: status {done.returncode}, {done.stdout}{done.stderr}, not {kind}: {says}')

    def loads(self, path, version):
        loaded = self.gives(None, 'load-plugin', path) or {}
        if loaded.get('version') != version or len(loaded.get('hash', '')) != 64:
            self.bad.append(f'load-plugin {path}: {loaded}, not {version}')
        return loaded.get('hash')

    def figures(self, want):
        """`want`: of the newest version, then of the older ones, each version, live, retired."""
        row = (self.gives(None, 'stats') or {'plugins': {}})['plugins'].get('versions')
        said = [(v['version'], v['live'], v['retired']) for v in [row, *row['older']]] if row else None
        if said != want:
            self.bad.append(f'stats: {said}, not {want}')
        return row

    def versions(self):
        so = os.path.join(self.shop, 'versions.so')
        hashes = [self.loads(self.build(so, '1.9.0', 'first'), '1.9.0')]
        self.gives(None, 'create', 'Versioned', '--name', 'old')
        self.gives(None, 'create', 'Versioned', '--name', 'old too')
        self.loads(so, '1.9.0')  # the same again: nothing happens
        self.figures([('1.9.0', 2, False)])
        self.raises('ValueError', 'what is changed needs a higher version', self.build(so, '1.9.0', 'other'))
        self.raises('ValueError', 'an older one', self.build(so, '1.2.0', 'older'))
        self.raises('ValueError', 'an older one', self.build(so, '1.9.0-rc.1', 'candidate'))
        hashes += [self.loads(self.build(so, '1.10.0', 'second'), '1.10.0')]
        self.gives(None, 'create', 'Versioned', '--name', 'new')
        self.gives('first', 'call', 'old', 'which')  # its file was replaced at the same path
        self.gives('second', 'call', 'new', 'which')
        row = self.figures([('1.10.0', 1, False), ('1.9.0', 2, False)])
        if row is None or [row['hash'], row['older'][0]['hash']] != hashes[::-1] or hashes[0] == hashes[1]:
            self.bad.append(f'hashes: {hashes}, {row}')
        types = self.gives(None, 'stats')['types']
        if types['Versioned']['referents'] != 3 or types['Versioned']['plugin'] != 'versions':
            self.bad.append(f'types: {types["Versioned"]}')
        self.gives(None, 'unbind', 'old')
        self.gives(None, 'unbind', 'old too')
        self.figures([('1.10.0', 1, False), ('1.9.0', 0, True)])
        if (self.gives(None, 'types') or []).count('Versioned') != 1:
            self.bad.append('types: Versioned is not there once')

    def rules(self):
        so = self.build(os.path.join(self.shop, 'other.so'), '1.0.0', 'other', 'other', 'Other')
        away = self.build(os.path.join(self.folder, 'away.so'), '1.0.0', 'away', 'away', 'Away')
        beside = os.path.join(self.folder, 'shop2')
        os.mkdir(beside)
        denied = 'is no file in a folder that plugin_dir names'
        self.raises('PermissionDenied', denied, away)
        self.raises('PermissionDenied', denied, self.build(os.path.join(beside, 'away.so'), '1.0.0', 'a', 'away', 'Away'))
        os.symlink(away, os.path.join(self.shop, 'link.so'))
        self.raises('PermissionDenied', denied, os.path.join(self.shop, 'link.so'))
        self.raises('PermissionDenied', denied, '/etc/passwd')
        os.symlink(so, os.path.join(self.shop, 'inside.so'))  # both real paths are inside
        taken = self.build(os.path.join(self.shop, 'taken.so'), '1.0.0', 'taken', 'taken', 'list')
        self.raises('ValueError', 'typeid list is taken by plugin containers', taken)
        self.raises('ValueError', 'typeid list is taken by plugin containers', taken)  # mapped already, and refused again
        text = os.path.join(self.shop, 'text.so')
        with open(text, 'w') as to:
            to.write('no plugin\n')
        os.chmod(text, 0o644)
        self.raises('ValueError', 'cannot be mapped', text)
        os.chmod(so, 0o775)
        self.raises('ValueError', 'other.so can be written by others', so)
        os.chmod(so, 0o755)
        os.chmod(self.shop, 0o777)
        self.raises('ValueError', 'shop can be written by others', so)
        os.chmod(self.shop, 0o1777)  # sticky, and the file is ours
        self.loads(os.path.join(self.shop, 'inside.so'), '1.0.0')
        os.chmod(self.shop, 0o755)
        deep = os.path.join(self.shop, 'deep')
        os.mkdir(deep)
        self.loads(self.build(os.path.join(deep, 'far.so'), '0.1', 'far', 'far', 'Far'), '0.1')
        self.gives(None, 'create', 'Far', '--name', 'far')
        self.gives('far', 'call', 'far', 'which')

    def exposure(self, conf):
        """What the configuration says of a typeid holds for a newer version of it as well, from the first call on."""
        so = self.build(os.path.join(self.shop, 'versions.so'), '1.0.0', 'first')
        with open(conf, 'w') as to:
            to.write(f'plugin = "{so}"\nplugin_dir = "{self.shop}"\ntypes\n    Versioned\n        hide = "which"\n'
                     '    Further\n        is = "Versioned"\n        expose = "which"\n')
        manager = self.start('-c', conf)
        self.gives(None, 'create', 'Further', '--name', 'further, old')
        self.loads(self.build(so, '2.0.0', 'second'), '2.0.0')
        self.gives(None, 'create', 'Further', '--name', 'further, new')
        self.gives('first', 'call', 'further, old', 'which')
        self.gives('second', 'call', 'further, new', 'which')
        self.gives(None, 'create', 'Versioned', '--name', 'new')
        done = self.ask('call', 'new', 'which')
        if done.returncode != 1 or not done.stderr.startswith('NotExposed: '):
            self.bad.append(f'which, hidden: {done.returncode}, {done.stdout}{done.stderr}')
        self.gives("<Versioned #3>", 'str', 'new')
        self.stop(manager)

    def run(self):
        conf = os.path.join(self.folder, 'conf')
        with open(conf, 'w') as to:
            to.write(f'plugin_dir = "{self.folder}/absent"\nplugin_dir = "{self.shop}/"\n')
        manager = self.start('-c', conf)
        self.versions()
        self.rules()
        for name in os.listdir(self.shop):
            if name.endswith('.so'):
                os.unlink(os.path.join(self.shop, name))
        self.stop(manager)
        manager = self.start()  # a manager whose configuration names no folder
        self.raises('PermissionDenied', 'names no plugin_dir', os.path.join(self.shop, 'deep/far.so'))
        self.stop(manager)
        self.exposure(conf)
        with open(conf, 'w') as to:
            to.write('plugin_dir = shop\n')
        done = subprocess.run([self.daemon, '--check', '-c', conf], capture_output=True, text=True, env=self.env)
        if done.returncode != 1 or 'must be absolute' not in done.stderr:
            self.bad.append(f'a relative plugin_dir: {done.returncode}, {done.stderr}')
        return self.bad


def main(daemon, tool, include, cc):
    with tempfile.TemporaryDirectory() as folder:
        bad = World(daemon, tool, include, cc, os.path.realpath(folder)).run()
    print('\n'.join(bad) if bad else 'loading: ok')
    return 1 if bad else 0


sys.exit(main(*sys.argv[1:]))
