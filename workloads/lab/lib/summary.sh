# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# summary.sh: bring an experiment's results to the folder the user named, and sum them up.

# forget_results OUT: what an earlier run left there, as its summary names it; the user's own files stay.  Summaries of schema 1 named
# those, too, and are not believed.
forget_results() {
	local out=$1 name
	rm -rf "$out/console" # of a boot that hung there is no summary
	[ -e "$out/summary.json" ] || return 0
	if grep -q '^  "schema": 2,$' "$out/summary.json"; then
		sed -n 's/^    { "name": "\(.*\)", "bytes": [0-9]* },\{0,1\}$/\1/p' "$out/summary.json" | while IFS= read -r name; do
			case /$name/ in */../*) continue ;; esac
			rm -f "$out/$name"
			(cd "$out" && rmdir -p "$(dirname "$name")") 2>/dev/null
		done
	else
		say "note: $out has results of an older lab: what this run does not write over stays"
	fi
	rm "$out/summary.json"
}

# collect_results N
collect_results() {
	local from=$SCRATCH/host/results/$1 out=${OUTS[$1]}
	[ -d "$from" ] || return 0
	cp "$SCRATCH/host/plan/$1" "$from/plan"
	cp "$SCRATCH/host/selftest" "$from/selftest" 2>/dev/null
	cp "$SCRATCH/host/qemu-command" "$from/"
	cp -r "$SCRATCH/host/console" "$from/console"
	cp "$SCRATCH/remote/sshd.log" "$from/remote-sshd.log"
	received_tell >>"$from/guests.txt"
	cat "$SCRATCH/machines" >>"$from/guests.txt"
	: >"$SCRATCH/machines"
	summary_write "$from" >"$from/summary.json"
	mkdir -p "$out"
	cp -r "$from/." "$out/"
	rm -rf "$from"
	summary_print "$out"
}

# received_tell: what each guest's own servers saw since the last time, as lines like the guests' own.
received_tell() {
	local n log
	for ((n = 1; n <= GUESTS_MOST; n++)); do
		log=$SCRATCH/remote/blast-$n.log
		sed -n "s/^bytes=/vm$n work=netperf-received status=ok bytes=/p" "$log"
		: >"$log"
		log=$SCRATCH/remote/iperf-$n.log
		[ -e "$log" ] || continue
		# Time, addresses and ports, number, seconds from and to, bytes, bits per second.
		awk -F, -v n="$n" 'NF >= 9 && $8 > 0 { split($7, s, "-"); printf "vm%d work=iperf-received status=ok bytes=%d wall_s=%.3f bits_per_s=%d\n", n, $8, s[2] - s[1], $9 }' "$log"
		: >"$log"
	done
}

# summary_write FOLDER: JSON, keys always in this order.
summary_write() {
	(
		. "$1/plan"
		echo '{'
		printf '  "schema": 2,\n  "name": %s,\n  "workload": %s,\n' "$(json "$NAME")" "$(json "$WORK")"
		printf '  "vms": %d,\n  "memory_mb": %d,\n  "duration_s": %d,\n  "file_mb": %d,\n  "file_mbs": %s,\n' "$VMS" "$MEMORY" "$DURATION" "$FILE_MB" "$(json "$FILE_MBS")"
		printf '  "weights": %s,\n  "caps": %s,\n' "$(json "$WEIGHTS")" "$(json "$CAPS")"
		printf '  "machine": %s,\n  "scheduler": %s,\n  "xen_version": %s,\n' "$(json "$MACHINE")" "$(json "$SCHED")" "$(json "$(sed -n 's/^xen_version *: //p' "$1/xl-info" 2>/dev/null)")"
		printf '  "tracer": %s,\n  "tracer_exit": %s,\n' "$(json "$TRACER")" "$(json "$(cat "$1"/*trac*.exit "$1"/xtrace-cap.exit 2>/dev/null | sort -u | xargs)")"
		printf '  "dom0_script_exit": %s,\n' "$(cat "$1/dom0-script.exit" 2>/dev/null || echo null)"
		printf '  "selftest": %s,\n' "$(json "$(sed 's/ .*//' "$1/selftest" | sort | uniq -c | xargs)")"
		printf '  "lab_command": %s,\n' "$(json "$COMMAND_LINE")"
		echo '  "guests": ['
		summary_guests <"$1/guests.txt"
		echo '  ],'
		echo '  "files": ['
		(cd "$1" && find . -type f ! -name summary.json -printf '%P %s\n' | sort) |
			sed -e 's/\(.*\) \([0-9]*\)$/    { "name": "\1", "bytes": \2 }/' -e '$!s/$/,/'
		echo '  ]'
		echo '}'
	)
}

# summary_guests: "vm1 work=scp status=ok wall_s=1.5" → an object a line.
summary_guests() {
	sort -V | awk '
	{
		printf "%s    { \"guest\": \"%s\"", (NR > 1 ? ",\n" : ""), $1
		for (i = 2; i <= NF; i++) {
			eq = index($i, "=")
			if (!eq) continue
			value = substr($i, eq + 1)
			if (value !~ /^-?[0-9]+(\.[0-9]+)?$/) value = "\"" value "\""
			printf ", \"%s\": %s", substr($i, 1, eq - 1), value
		}
		printf " }"
	}
	END { if (NR) print "" }'
}

json() {
	local text=${1//\\/\\\\}
	text=${text//\"/\\\"}
	printf '"%s"' "${text//[[:cntrl:]]/ }"
}

# summary_print OUT: for a person.
summary_print() {
	sed 's/^/    /' "$1/guests.txt"
	say "results in $1: $(cd "$1" && echo *)"
}
