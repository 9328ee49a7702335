#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""downstream.py TREE WORK WHAT -- projects outside build against the installed tree, and run.

WHAT: plugin (find_package and holdfast_add_plugin), template (what new-plugin writes), cmake and pkgconfig (a program, either way), moved (all of it
again after the tree was moved). With a program, holdfastd serves the plugin and the program calls it.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def run(*command, **more):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if done.returncode != 0:
        sys.exit(f'{" ".join(command)}: status {done.returncode}\n{done.stdout}')
    return done.stdout


def cmake(tree, source, build):
    run('cmake', '-S', os.path.join(HERE, source), '-B', build, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release',
        f'-DCMAKE_PREFIX_PATH={tree}', '-DCMAKE_C_FLAGS=-Wall -Wextra -Werror', f'-DCMAKE_INSTALL_PREFIX={tree}')
    run('cmake', '--build', build)


def plugin(tree, work):
    build = os.path.join(work, 'plugin')
    cmake(tree, 'plugin', build)
    run('ctest', '--test-dir', build, '--no-tests=error')
    so = os.path.join(build, 'tally.so')
    lint = os.path.join(HERE, '..', 'lint')
    run('sh', f'{lint}/exports.sh', so, 'hf_plugin')
    run(sys.executable, f'{lint}/undefined.py', f'{lint}/undefined-plugin.txt', so)
    return so


def refuses(tool, work, status, says, *words):
    done = subprocess.run([tool, 'new-plugin', *words], cwd=work, text=True, capture_output=True)
    if done.returncode != status or says not in done.stderr or done.stdout != '':
        sys.exit(f'new-plugin {" ".join(words)}: status {done.returncode}, said {done.stdout!r}, {done.stderr!r}')


def template(tree, work):
    """What new-plugin writes builds and passes, warnings being errors; a name or a place that will not do is refused."""
    tool = os.path.join(tree, 'bin/holdfast')
    source = os.path.join(work, 'a folder')
    told = run(tool, 'new-plugin', 'word_list', '--dir', source)
    names = ['CMakeLists.txt', 'README.md', 'word_list.c', 'word_list_test.c']
    assert sorted(os.listdir(source)) == names, os.listdir(source)
    assert sorted(told.splitlines()) == [os.path.join(source, n) for n in names], told
    for name in names:
        text = open(os.path.join(source, name), encoding='utf-8').read()
        assert 'word_list' in text and '@name@' not in text and '@Type@' not in text, name
    build = os.path.join(work, 'template')
    cmake(tree, source, build)
    run('ctest', '--test-dir', build, '--no-tests=error')
    so = os.path.join(build, 'word_list.so')
    report = json.loads(run(tool, '--json', 'check-plugin', so))
    assert report['problems'] == [] and report['notes'] == [] and report['plugin'] == 'word_list', report
    assert [t['typeid'] for t in report['types']] == ['WordList'], report
    refuses(tool, work, 1, 'File exists', 'word_list', '--dir', source)
    refuses(tool, work, 1, 'No such file', 'word_list', '--dir', 'not/there')
    for name in ('Word', '9lives', 'a-b', '', 'a/b', '..', 'x' * 41):
        refuses(tool, work, 2, "a plugin's name", name)
    refuses(tool, work, 2, 'a word of C', 'int')
    refuses(tool, work, 2, 'CMake', 'test')
    assert sorted(os.listdir(work)) == ['a folder', 'template'], os.listdir(work)


def by_cmake(tree, work):
    cmake(tree, 'client', os.path.join(work, 'client'))
    return os.path.join(work, 'client', 'marker'), {}


def by_pkgconfig(tree, work):
    libdir = next(os.path.join(tree, d) for d in ('lib', 'lib64', 'lib/x86_64-linux-gnu')
                  if os.path.exists(os.path.join(tree, d, 'pkgconfig/holdfast.pc')))
    env = {**os.environ, 'PKG_CONFIG_PATH': os.path.join(libdir, 'pkgconfig')}
    flags = run('pkg-config', '--cflags', '--libs', 'holdfast', env=env).split()
    assert os.path.isdir(run('pkg-config', '--variable=plugindir', 'holdfast', env=env).strip()), 'no plugindir'
    program = os.path.join(work, 'marker')
    run('cc', '-std=c11', '-Wall', '-Wextra', '-Werror', os.path.join(HERE, 'client/marker.c'), '-o', program, *flags)
    return program, {'LD_LIBRARY_PATH': libdir}


def serve(tree, so, program, env):
    """holdfastd on a socket of its own; the program runs once it says that it serves."""
    with tempfile.TemporaryDirectory() as folder:
        endpoint = f'ipc://{folder}/manager'
        shutil.copy(so, folder)
        manager = subprocess.Popen([os.path.join(tree, 'bin/holdfastd'), '--bind', endpoint, '--plugin', f'{folder}/tally.so'],
                                   env={**os.environ, 'XDG_RUNTIME_DIR': folder}, stderr=subprocess.PIPE, text=True)
        try:
            line = manager.stderr.readline()
            assert 'serves on' in line, line
            told = run(program, endpoint, env={**os.environ, **env}, timeout=30)
        finally:
            manager.terminate()
            status = manager.wait(30)
        if told != '3 times word\n' or status != 0:
            sys.exit(f'the program said {told!r}, the manager ended with {status}')


def main(tree, work, what):
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    if what == 'moved':
        tree = shutil.copytree(tree, os.path.join(work, 'elsewhere'), symlinks=True)
    if what == 'template':
        template(tree, work)
    so = plugin(tree, work) if what != 'template' else None
    if what in ('cmake', 'moved'):
        serve(tree, so, *by_cmake(tree, work))
    if what in ('pkgconfig', 'moved'):
        serve(tree, so, *by_pkgconfig(tree, work))
    print(f'downstream {what}: ok')


main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3])
