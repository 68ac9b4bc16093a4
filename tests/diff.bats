# SPDX-License-Identifier: GPL-2.0-or-later
# xtrace-fair diff: its command line, and what it says of traces of which the difference is known.

setup() {
	build=$BATS_TEST_DIRNAME/../${O:-build}
	fair=$build/xtrace-fair
	data=$BATS_TEST_DIRNAME/data
	work=$BATS_TEST_TMPDIR
}

# differs FIGURES DOMAIN FIGURE: a line of the CSV report says so; FIGURES is its file.
differs() { tr -d '\r"' <"$1" | awk -F, -v d="$2" -v f="$3" '$1 == d && $2 == f && $11 == 1 { found = 1 } END { exit !found }'; }

# field FIGURES DOMAIN FIGURE COLUMN
field() { tr -d '\r"' <"$1" | awk -F, -v d="$2" -v f="$3" -v c="$4" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == c) at = i } $1 == d && $2 == f { print $at }'; }

# Readable traces of 0.5 s: d1 and d2 want one pCPU all the time and have it by turns, of 1 ms and MS.
turns() {
	local at=0
	echo "p0 0 RUNSTATE d2v0 blocked runnable"
	echo "p0 0 RUNSTATE d1v0 runnable running"
	while [ $at -lt 500 ]; do
		echo "p0 $((at + 1))000 RUNSTATE d1v0 running runnable"
		echo "p0 $((at + 1))000 RUNSTATE d2v0 runnable running"
		echo "p0 $((at + 1 + $1))000 RUNSTATE d2v0 running runnable"
		echo "p0 $((at + 1 + $1))000 RUNSTATE d1v0 runnable running"
		at=$((at + 1 + $1))
	done
}

trace_of() { "$build/tests/mktrace" /dev/stdin "$work/$1"; }

@test "--help, --version, and every option is in the man page" {
	"$fair" diff --help | grep -q 'against'
	"$fair" diff --version | grep -q '^xtrace-fair '
	for option in $("$fair" diff --help | grep -oE -- '--[a-z-]+' | sort -u); do
		grep -q -- "$option" "$BATS_TEST_DIRNAME/../man/xtrace-fair-diff.1.scd"
	done
}

@test "wrong usage, no file and a full disk exit with 2 and say why" {
	run "$fair" diff; [ "$status" -eq 2 ]; [[ $output = *"which two traces"* ]]
	run "$fair" diff "$data/w124.trc"; [ "$status" -eq 2 ]
	run "$fair" diff a b c; [ "$status" -eq 2 ]; [[ $output = *"--against"* ]]
	run "$fair" diff --against a b; [ "$status" -eq 2 ]
	run "$fair" diff a --against b --against c; [ "$status" -eq 2 ]
	run "$fair" diff --format xml a b; [ "$status" -eq 2 ]
	run "$fair" diff --from 3 --to 2 a b; [ "$status" -eq 2 ]
	run "$fair" diff "$data/w124.trc" "$work/none"; [ "$status" -eq 2 ]; [[ $output = *"No such file"* ]]
	run bash -c "'$fair' diff '$data/w124.trc' '$data/w124.trc' >/dev/full"; [ "$status" -eq 2 ]
	run "$fair" diff --figures /proc/nowhere "$data/w124.trc" "$data/w124.trc"; [ "$status" -eq 2 ]
}

@test "a trace does not differ from itself, in any format" {
	for trace in scp3 w124 credit2 dom0-one; do
		for format in text json csv; do
			"$fair" diff --format "$format" "$data/$trace.trc" "$data/$trace.trc" >"$work/$format"
		done
		grep -q '^None of [1-9][0-9]* figures differs' "$work/text"
		"$build/tests/flat" "$work/json" | grep -q '^differing	0$'
		[ "$(tr -d '\r' <"$work/csv" | grep -c ',1$')" -eq 0 ]
	done
}

@test "one of the two may be standard input" {
	"$fair" diff --format csv "$data/scp3.trc" "$data/w124.trc" >"$work/files" || [ $? -eq 1 ]
	"$fair" diff --format csv "$data/scp3.trc" - <"$data/w124.trc" >"$work/pipe" || [ $? -eq 1 ]
	cmp "$work/files" "$work/pipe"
}

@test "the same trace in xentrace's format, without names, is the same" {
	"$fair" convert "$data/w124.trc" "$work/x"
	# Without weights it is not known that vm3 was entitled to more.
	run "$fair" diff --tsc-hz 2600000000 "$data/w124.trc" "$work/x"
	[ "$status" -eq 1 ]
	[[ $output != *"Only in"* ]]
	[[ $output = *"vm3 weight 1024 -> 256"* ]]
	[ "$(echo "$output" | grep -c '^\* share of all')" -eq 0 ]
}

@test "a cap of 20 %: who has it, who gains, and the cause" {
	run "$fair" diff --format csv "$data/cause-h9-off.trc" "$data/cause-h9-cap-on.trc"
	[ "$status" -eq 1 ]
	echo "$output" >"$work/csv"
	differs "$work/csv" vm1 share
	differs "$work/csv" vm1 H9
	differs "$work/csv" vm2 share
	run differs "$work/csv" vm2 H9; [ "$status" -eq 1 ]
	awk -v a="$(field "$work/csv" vm1 share b)" 'BEGIN { exit !(a < 0.11) }'
	"$fair" diff "$data/cause-h9-off.trc" "$data/cause-h9-cap-on.trc" | grep -q '^Set differently: vm1 cap none -> 20 %\.$'
}

@test "a rate limit of 30 ms: Dom0 is held back" {
	run "$fair" diff --format csv "$data/cause-h6-off.trc" "$data/cause-h6-on.trc"
	[ "$status" -eq 1 ]
	echo "$output" >"$work/csv"
	differs "$work/csv" Domain-0 H6
	differs "$work/csv" Domain-0 wake_to_run_p50
	"$fair" diff "$data/cause-h6-off.trc" "$data/cause-h6-on.trc" | grep -q '^Set differently: ratelimit 0 us -> 30000 us'
	"$fair" diff "$data/cause-h2-off.trc" "$data/cause-h2-on.trc" | grep -q '^Set differently: accounting exact -> tick\.$'
}

@test "A and B change places, and signs" {
	"$fair" diff --format csv "$data/cause-h9-off.trc" "$data/cause-h9-cap-on.trc" >"$work/ab" || [ $? -eq 1 ]
	"$fair" diff --format csv "$data/cause-h9-cap-on.trc" "$data/cause-h9-off.trc" >"$work/ba" || [ $? -eq 1 ]
	paste -d, "$work/ab" "$work/ba" | tr -d '\r' | awk -F, 'NR > 1 && $9 != "" {
		n++
		if ($2 != $13 || $4 != $16 || $5 != $15 || $11 != $22) bad++
		gap = $3 == "us" ? $6 * $17 - 1 : $6 + $17
		if (gap > 1e-6 || gap < -1e-6) bad++ } END { exit !(n > 30 && !bad) }'
}

@test "turns of other lengths, worked out" {
	turns 1 | trace_of a
	turns 3 | trace_of b
	run "$fair" diff --format csv --tsc-hz 1000000000 "$work/a" "$work/b"
	[ "$status" -eq 1 ]
	echo "$output" >"$work/csv"
	# d1 has half of the pCPU and then a quarter; it waits for the rest.
	[ "$(field "$work/csv" d1 share a)" = 0.5 ] && [ "$(field "$work/csv" d1 share b)" = 0.25 ]
	[ "$(field "$work/csv" d1 runnable b)" = 0.75 ]
	[ "$(field "$work/csv" d1 attained_over_entitled b)" = 0.5 ]
	[ "$(field "$work/csv" d2 share b)" = 0.75 ]
	# x = 0.5 and 1.5: J = 4 / (2 x 2.5)
	[ "$(field "$work/csv" "" jain a)" = 1 ] && [ "$(field "$work/csv" "" jain b)" = 0.8 ]
	differs "$work/csv" d1 share
	differs "$work/csv" "" jain
}

@test "a trace that is too short, and one with loss, is not trusted: 3" {
	turns 1 | head -40 | trace_of a
	run "$fair" diff --tsc-hz 1000000000 "$work/a" "$work/a"
	[ "$status" -eq 3 ]; [[ $output = *"too short"* ]]
	run "$fair" diff --tsc-hz 1000000000 "$work/a" "$work/a" --against "$work/a" "$work/a"
	[ "$status" -eq 0 ]
	run "$fair" diff "$data/lost.trc" "$data/lost.trc"
	[ "$status" -eq 3 ]; [[ $output = *"91.04 %"* ]]
	run "$fair" diff --min-known 0.9 "$data/lost.trc" "$data/lost.trc"
	[ "$status" -eq 0 ]
}

@test "domains of one side only, and domains by name" {
	host='host {"tsc_hz": 1000000000, "pcpus": 1, "start_tsc": 1000000000}'
	{ printf 'format container\nfile\n%s\n' "$host"; echo 'domains {"tsc": 1000000000, "domains": [{"id": 1, "name": "a", "weight": 256}, {"id": 2, "name": "b", "weight": 256}]}'; turns 1; } | trace_of a
	{ printf 'format container\nfile\n%s\n' "$host"; echo 'domains {"tsc": 1000000000, "domains": [{"id": 1, "name": "b", "weight": 256}, {"id": 2, "name": "a", "weight": 256}]}'; turns 1; } | trace_of swapped
	{ printf 'format container\nfile\n%s\n' "$host"; echo 'domains {"tsc": 1000000000, "domains": [{"id": 1, "name": "a", "weight": 256}, {"id": 2, "name": "c", "weight": 512}]}'; turns 1; } | trace_of other
	# Not cut off, for the end is not told: the names change places, and so do the shares, which are the same.
	run "$fair" diff "$work/a" "$work/swapped"; [ "$status" -eq 0 ]
	run "$fair" diff "$work/a" "$work/other"; [ "$status" -eq 1 ]
	[[ $output = *"Only in A: b."* ]] && [[ $output = *"Only in B: c."* ]]
}

@test "what a run of its own side lacks, too, is not only in that side" {
	turns 1 | trace_of both
	echo "p0 0 RUNSTATE d1v0 runnable running
		p0 500000 CONTINUE d1v0" | trace_of one
	run "$fair" diff --tsc-hz 1000000000 "$work/both" "$work/one" --against "$work/both" "$work/both"
	[[ $output != *"Only in"* ]] && [[ $output = *"d2 is not in every run: it is not compared"* ]]
	run "$fair" diff --tsc-hz 1000000000 "$work/one" "$work/both" --against "$work/both" "$work/both"
	[[ $output != *"Only in"* ]] && [[ $output = *"d2 is not in every run: it is not compared"* ]]
	run "$fair" diff --tsc-hz 1000000000 "$work/both" "$work/both" --against "$work/one" "$work/one"
	[ "$status" -eq 1 ] && [[ $output = *"Only in A: d2."* ]]
}

@test "several runs a side: the noise is theirs" {
	for ms in 1 2 3; do turns $ms | trace_of "$ms"; done
	# Within a run nothing varies, so one with turns of 2 ms differs from one of 1; between these runs it is noise.
	run "$fair" diff --tsc-hz 1000000000 "$work/1" "$work/2"; [ "$status" -eq 1 ]
	run "$fair" diff --tsc-hz 1000000000 "$work/1" "$work/2" --against "$work/2" "$work/1"; [ "$status" -eq 0 ]
	run "$fair" diff --format json --tsc-hz 1000000000 "$work/1" "$work/1" --against "$work/3" "$work/3"; [ "$status" -eq 1 ]
	echo "$output" | "$build/tests/flat" | grep -q '^noise	"runs"$'
}

@test "a figure of both" {
	for terminal in pdf svg png cairolatex dumb; do
		run "$fair" diff --figures "$work/figs" --terminal "$terminal" "$data/cause-h9-off.trc" "$data/cause-h9-cap-on.trc"
		[ "$status" -eq 1 ]
	done
	for suffix in dat gp pdf svg png tex txt; do [ -s "$work/figs/diff.$suffix" ]; done
	[ "$(grep -o crc32 "$work/figs/diff.gp" | wc -l)" -eq 2 ]
	# Traces without Dom0, without names, with nothing of any cause.
	turns 1 | trace_of a
	"$fair" diff --figures "$work/bare" --terminal dumb --tsc-hz 1000000000 "$work/a" "$work/a"
	[ -s "$work/bare/diff.txt" ]
}
