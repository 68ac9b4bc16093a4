# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# native.sh: the same machine with Linux alone.  What would be a guest is an agent (guest/connect) among this machine's
# processes, with all that a guest has in its file system.  See xen.sh for the other side.

declare -a AGENTS

guest_create() {
	GUEST=$1 setsid /lab/connect 2>"/host/console/guest-vm$1.log" &
	AGENTS[$1]=$!
}

guest_destroy() { kill -KILL -- "-${AGENTS[$1]}" 2>/dev/null; }

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
