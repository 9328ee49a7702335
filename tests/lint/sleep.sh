#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# sleep.sh ROOT -- no test sleeps: it waits for an event with a deadline, or has `now` as a parameter.
found=$(grep -rnE --include='*.[ch]' --include='*.py' --include='*.sh' --include='run' \
    '(^|[^_[:alnum:]])((u|nano|clock_nano|zclock_|thrd_|time\.)?sleep[[:space:]]*\(|sleep[[:space:]]+[0-9.$])' \
    "$1/tests" | grep -v '/tests/lint/')
[ -z "$found" ] && echo 'sleep: ok' && exit 0
echo "$found"
exit 1
