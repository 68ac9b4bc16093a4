# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# Holds what a trace written as text expects (tests/text/README.md) against what xtrace-fair says of it.

# words FILE KEY: what follows `expect KEY', or nothing.
words() { sed -n "s/^expect $2 //p" "$1"; }

# messages FILE: each expected message is there; without any, nothing was said.
messages() {
	local text
	if [ -z "$(words "$1" message)" ]; then
		[ ! -s "$work/err" ] || { not_ok "$1 says: $(head -3 "$work/err")"; return; }
	fi
	while IFS= read -r text; do
		if grep -qF -- "$text" "$work/err"; then ok; else not_ok "$1 does not say: $text"; fi
	done < <(words "$1" message)
}

# fields FILE: every expected field of the report, to the last digit.
fields() {
	"$build/tests/flat" "$work/out" >"$work/flat"
	while read -r verdict rest; do
		if [ "$verdict" = good ]; then ok; else not_ok "$1: $rest"; fi
	done < <(awk '
		NR == FNR { path = $1; sub(/^[^\t]*\t/, ""); is[path] = $0; next }
		$1 != "expect" || $2 ~ /^(command|args|exit|message)$/ { next }
		{ path = $2; wanted = $0; sub(/^expect [^ ]* /, "", wanted); checked++ }
		!(path in is) { print "bad", path " is not in the report"; next }
		{ number = is[path] ~ /^[-0-9]/ && wanted ~ /^[-0-9]/
		  same = number ? is[path] + 0 == wanted + 0 : is[path] "" == wanted ""
		  print (same ? "good" : "bad"), path " is " is[path] ", expected " wanted }
		END { if (!checked) print "bad", "no field is expected" }' "$work/flat" "$1")
}

# expect FILE EXIT: runs xtrace-fair on the trace, under the sanitizers; EXIT is its exit code unless FILE says another.
# Leaves the trace in $trace.
expect() {
	local wanted got=0 command args
	trace=$work/$(basename "$1" .txt).trc
	"$build/tests/mktrace" "$1" "$trace" || { not_ok "mktrace $1"; return; }
	wanted=$(words "$1" exit)
	read -ra command < <(words "$1" command)
	read -ra args < <(words "$1" args)
	timeout "$hang_s" "$build/san/xtrace-fair" "${command[@]}" --format json "${args[@]}" "$trace" >"$work/out" 2>"$work/err" || got=$?
	if [ "$got" -eq "${wanted:-$2}" ]; then ok; else not_ok "$1: exit $got, expected ${wanted:-$2}: $(head -5 "$work/err")"; fi
	messages "$1"
	[ "$got" -eq 1 ] || fields "$1"
}
