# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# What tests that boot the lab have in common: counting, and the boot itself.  They set $out.  Of bash they need lastpipe:
# verdict counts in the shell that reads this, at the end of its pipe.

# An option that there is not is no folder.
case $out in -*) sed -n '/^#$/,/^[^#]/{/^#/p}' "$0" >&2; exit 2 ;; esac

shopt -s lastpipe
passed=0 failed=0 skipped=0

ok() { passed=$((passed + 1)); echo "ok      $*"; }
not_ok() { failed=$((failed + 1)); echo "FAILED  $*"; }
skip() { skipped=$((skipped + 1)); echo "SKIPPED $*"; }

# verdict WHAT: takes awk's lines "good …" and "bad …"; at least one line is needed.
verdict() {
	local kind rest any=''
	while read -r kind rest; do
		any=yes
		case $kind in good) ok "$1: $rest" ;; *) not_ok "$1: $rest" ;; esac
	done
	[ "$any" ] || not_ok "$1: nothing to check"
}

# boot ARGUMENT…: of `lab run'.  Again, up to twice, if the emulated host hung, and that is said.  What QEMU's TCG made of
# code that is patched while it runs is met now (workloads/lab/README.md), but an emulator may have more in store.
boot() {
	local attempt
	for attempt in 1 2 3; do
		mkdir -p "$(dirname "$out")"
		if workloads/lab/lab run "$@" -o "$out" 2>"$out.said"; then
			cat "$out.said" >&2
			return
		fi
		cat "$out.said" >&2
		if [ "$attempt" = 3 ] || ! grep -q 'the emulated host hangs' "$out.said"; then
			not_ok "the lab"
			return
		fi
		echo "NOTE    the emulated host hung; booting once more"
		rm -rf "$out"
	done
}

# finish NAME: the closing line.
finish() {
	echo "$1: $passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
	exit
}
