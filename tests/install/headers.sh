#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# headers.sh INCLUDE -- each installed header compiles alone: C11, C17, C++11, C++17, gcc and clang, -pedantic -Werror.
include=$1
status=0
n=0
flags="-pedantic -Wall -Wextra -Werror -fsyntax-only -I$include"
for header in "$include"/holdfast/*.h; do
    name=holdfast/${header##*/}
    for compiler in 'gcc -x c -std=c11' 'gcc -x c -std=c17' 'clang -x c -std=c11' 'clang -x c -std=c17' \
        'g++ -x c++ -std=c++11' 'g++ -x c++ -std=c++17' 'clang++ -x c++ -std=c++11' 'clang++ -x c++ -std=c++17'; do
        n=$((n + 1))
        printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$name" "$name" |
            $compiler $flags - || { echo "headers: $name does not compile alone with $compiler"; status=1; }
    done
done
[ $n -ge 24 ] || { echo "headers: only $n tries: is it installed?"; status=1; }
[ $status = 0 ] && echo "headers: $n tries, ok"
exit $status
