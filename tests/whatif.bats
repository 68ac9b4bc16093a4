# SPDX-License-Identifier: GPL-2.0-or-later
# The command line of xtrace-fair whatif.

setup() {
	fair=$BATS_TEST_DIRNAME/../${O:-build}/xtrace-fair
	data=$BATS_TEST_DIRNAME/data
	work=$BATS_TEST_TMPDIR
}

@test "--help, --version, and every option is in the man page" {
	"$fair" whatif --help | grep -q '^Usage: xtrace-fair whatif .*TRACE'
	"$fair" whatif --version | grep -q '^xtrace-fair '
	for option in $("$fair" whatif --help | grep -oE -- '--[a-z-]+' | sort -u); do
		grep -q -- "$option" "$BATS_TEST_DIRNAME/../man/xtrace-fair-whatif.1.scd"
	done
}

@test "wrong usage exits with 2" {
	for wrong in '' '--nonsense x' 'x y' '--weight x' '--weight =5' '--weight vm1=0' '--weight vm1=65536' '--weight vm1=5x' '--cap vm1=-1' \
		'--affinity vm1=64' '--affinity vm1=3-1' '--affinity vm1=1,,2' '--affinity vm1=' '--tslice 0' '--tslice 1001' '--tslice 5us' \
		'--ratelimit 50' '--ratelimit 500001' '--ratelimit 10000 --tslice 5' '--boost maybe' '--accounting x' '--scheduler rtds' \
		'--format xml' '--from 5 --to 3' '--from x' '--tsc-hz 1'; do
		run "$fair" whatif $wrong "$data/w124.trc"
		[ "$status" -eq 2 ] || [ -z "$wrong" ]
	done
	run "$fair" whatif
	[ "$status" -eq 2 ]
}

@test "a rate limit of more than a time slice is refused, as by Xen, whichever of the two is the trace's" {
	run "$fair" whatif --ratelimit 40000 "$data/w124.trc"
	[ "$status" -eq 2 ]
	[[ $output = *"more than a time slice of 30 ms"* ]]
	run "$fair" whatif --tslice 5 "$data/whatif-io-ratelimit10.trc"; [ "$status" -eq 2 ]
	"$fair" whatif --ratelimit 40000 --scheduler credit2 "$data/w124.trc" || [ $? -eq 3 ]
}

@test "a domain that is not in the trace exits with 2 and is named" {
	run "$fair" whatif --weight nobody=5 "$data/w124.trc"
	[ "$status" -eq 2 ]
	[[ $output = *"no domain \`nobody'"* ]]
}

@test "the issue's words" {
	"$fair" whatif --tslice 5ms --ratelimit 0 --weight Domain-0=512 --boost off --accounting tick "$data/cause-h6-off.trc" >"$work/out"
	grep -q '^What if: weight of Domain-0 512, tslice 5 ms, ratelimit 0 us, boost off, accounting tick\.$' "$work/out"
	"$fair" whatif --accounting exact --boost on --scheduler credit2 "$data/cause-h6-off.trc" | grep -q 'scheduler credit2\.$'
}

@test "a name and an id are the same; the last of two counts" {
	"$fair" whatif --format csv --weight vm1=512 "$data/cause-h6-off.trc" >"$work/name"
	"$fair" whatif --format csv --weight 1=64 --weight 1=512 "$data/cause-h6-off.trc" >"$work/id"
	cmp "$work/name" "$work/id"
}

@test "what is set to what it was changes nothing" {
	"$fair" whatif --format csv --weight vm1=4096 --cap vm1=0 --affinity vm1=all --tslice 30 --ratelimit 0 --boost on --accounting exact --scheduler credit \
		"$data/cause-h6-off.trc" >"$work/out"
	# The spread is of replays of the whole demand in one, and of what of it the trace tells in the other.
	diff <(grep ',replay,' "$work/out" | sed 's/,replay,/,/' | cut -d, -f1-12) <(grep ',what if,' "$work/out" | sed 's/,what if,/,/' | cut -d, -f1-12)
	[ "$(grep -c ',what if,' "$work/out")" -eq 4 ]
}

@test "without a change there is a self-check and no more" {
	"$fair" whatif "$data/cause-h6-off.trc" >"$work/out"
	grep -q '^Self-check: ' "$work/out"
	! grep -q 'what if' "$work/out"
}

@test "every answer says how far the replay is from the trace" {
	for change in '--weight vm1=5' '--cap vm1=5' '--affinity vm1=0' '--tslice 5' '--ratelimit 0' '--boost off' '--accounting tick' '--scheduler credit2'; do
		"$fair" whatif $change "$data/cause-h6-off.trc" >"$work/out" || [ $? -eq 3 ]
		grep -qE '^Self-check: .* [0-9.]+ points of 100' "$work/out"
		[ "$(grep -c '^ .*replay ' "$work/out")" -ge 4 ]
	done
}

@test "a pipe is as good as a file" {
	"$fair" whatif --format json --weight vm1=5 "$data/cause-h6-off.trc" >"$work/file"
	"$fair" whatif --format json --weight vm1=5 - <"$data/cause-h6-off.trc" >"$work/pipe"
	cmp "$work/file" "$work/pipe"
}

@test "xentrace's format has no settings: they are assumed, and that is said" {
	"$fair" convert "$data/cause-h6-off.trc" "$work/x"
	"$fair" whatif --tsc-hz 2096035000 --weight 1=512 "$work/x" | grep -q '^The trace does not tell the scheduler'
}

@test "what the trace does not tell is no answer: exit 3, and why" {
	run "$fair" whatif --weight Domain-0=8192 "$data/cause-h3-on.trc"
	[ "$status" -eq 3 ]
	[[ $output = *"is done with all that the trace shows of its work"*"Do not trust what follows."* ]]
}

@test "a part of the trace" {
	"$fair" whatif --format csv --from 2 --to 5 "$data/cause-h6-off.trc" | grep -q ',trace,3,'
}

@test "no file, an empty file and no trace exit with 1" {
	run "$fair" whatif "$work/none"; [ "$status" -eq 1 ]
	: >"$work/empty"
	run "$fair" whatif "$work/empty"; [ "$status" -eq 1 ]
}

@test "a full disk is an error" {
	for format in text json csv; do
		run bash -c "'$fair' whatif --format $format '$data/cause-h6-off.trc' >/dev/full"
		[ "$status" -eq 1 ]
	done
}

@test "a trace of a Xen that debits by tick is replayed so; exactly is another answer" {
	"$fair" whatif --accounting exact "$data/cause-h2-on.trc" >"$work/out" || [ $? -eq 3 ]
	head -1 "$work/out" | grep -q 'scheduler credit debiting by tick, tslice 30 ms'
	replay=$(grep -A2 '^vm5 ' "$work/out" | grep ' replay ' | tr -s ' ')
	what_if=$(grep -A2 '^vm5 ' "$work/out" | grep ' what if ' | tr -s ' ' | sed 's/what if/replay/')
	[ -n "$replay" ] && [ -n "$what_if" ] && [ "$replay" != "$what_if" ]
}
