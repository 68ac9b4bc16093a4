# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# native.sh: the same machine with Linux alone.  What would be a guest is an agent (guest/connect) among this machine's
# processes, with all that a guest has in its file system.  With --machine hosts only the first one is: each other is a machine of its own,
# which boots like a guest and whose agent connects by itself.  See xen.sh for the other side.

declare -a AGENTS

elsewhere() { [ "$MACHINE" = hosts ] && [ "$1" -gt 1 ]; }

guest_create() {
	elsewhere "$1" && return
	GUEST=$1 setsid /lab/connect 2>"/host/console/guest-vm$1.log" &
	AGENTS[$1]=$!
}

guest_destroy() { elsewhere "$1" || kill -KILL -- "-${AGENTS[$1]}" 2>/dev/null; }

parameters() {
	eval "$BEFORE" || echo "LAB note: --before failed: $BEFORE"
}

# counters WHEN: what Linux counted.
counters() {
	{ cat /proc/uptime; cat /proc/stat; } >"$out/stat-$1"
}

# watch SECONDS: what a person would have looked at meanwhile.
watch() {
	sleep "$1"
	top -b -n 1 >"$out/top.log"
}

last_words() { :; }
