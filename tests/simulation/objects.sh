#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# objects.sh SIMULATION HOLDFASTD LIBHOLDFAST ROOM.a... -- every function of the rooms that the simulation has is the one
# that holdfastd or libholdfast has, of the same size.
simulation=$1 manager=$2 client=$3
shift 3
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
nm --defined-only "$@" 2>/dev/null | awk '$2 == "T" {print $3}' | sort -u >"$dir/rooms"
sizes() {
    nm -S --defined-only "$1" | awk '$3 == "T" || $3 == "t" {print $4, $2}' | sort -u |
        join - "$dir/rooms"
}
sizes "$simulation" >"$dir/simulation"
sizes "$manager" >"$dir/manager"
sizes "$client" >"$dir/client"
sort -u "$dir/manager" "$dir/client" >"$dir/shipped"
comm -23 "$dir/simulation" "$dir/shipped" >"$dir/other"
if [ -s "$dir/other" ]; then
    echo "in the simulation alone, or of another size:"
    cat "$dir/other"
    exit 1
fi
has() {
    awk '{print $1}' "$dir/$1" | grep -qx "$2" || { echo "$2 is not in the $1"; exit 1; }
}
for name in hfi_machine_apply hfi_event_read hfi_stream_on_data hfi_outbox_commit; do
    has simulation $name && has manager $name || exit 1
done
for name in hfi_engine_receive hfi_dial_step hfi_stream_on_data hfi_outbox_commit; do
    has simulation $name && has client $name || exit 1
done
echo "$(wc -l <"$dir/simulation") functions, all of them shipped"
