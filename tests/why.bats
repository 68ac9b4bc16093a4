# SPDX-License-Identifier: GPL-2.0-or-later
# Short-term fairness, waits, lag and causes: readable traces with the numbers worked out beside them.

setup() {
	build=$BATS_TEST_DIRNAME/../${O:-build}
	data=$BATS_TEST_DIRNAME/data
	work=$BATS_TEST_TMPDIR
}

# report: standard input is a readable trace (tests/mktrace.c); its JSON report as lines "path<TAB>value" is in $work/facts.
report() {
	"$build/tests/mktrace" /dev/stdin "$work/trace"
	"$build/xtrace-fair" --format json --tsc-hz 1000000000 "$work/trace" 2>/dev/null | "$build/tests/flat" >"$work/facts"
}

# is PATH VALUE: numbers to six digits.
is() {
	awk -F'\t' -v path="$1" -v wanted="$2" '
		$1 == path { found = 1; gap = $2 - wanted; bad = wanted ~ /^-?[0-9.]+$/ ? gap > 1e-6 || gap < -1e-6 : $2 != wanted
			if (bad) print path " is " $2 ", not " wanted }
		END { if (!found) print path " is not there"; exit !found || bad }' "$work/facts"
}

# Two guests of equal weight want one pCPU for 9 ms and have it by turns of 1 ms; d2's last turn takes 2 ms.
turns() {
	echo "p0 0 RUNSTATE d1v0 runnable running"
	for ms in 1 3 5 7; do
		echo "p0 ${ms}000 RUNSTATE d1v0 running runnable"
		echo "p0 ${ms}000 RUNSTATE d2v0 runnable running"
		[ $ms = 7 ] && break
		echo "p0 $((ms + 1))000 RUNSTATE d2v0 running runnable"
		echo "p0 $((ms + 1))000 RUNSTATE d1v0 runnable running"
	done
	echo "p0 9000 RUNSTATE d2v0 running runnable"
}

@test "Jain's index over sliding windows, and the fairness horizon" {
	turns | report
	# 1 ms: the 9 windows within a turn and the one in d2's long turn have x = 2, 0: J = 0.5; the 7 others 1, 1.
	is 'fairness.windows[0].window_ms' 1
	is 'fairness.windows[0].windows' 17
	is 'fairness.windows[0].jain_mean' 0.705882
	is 'fairness.windows[0].jain_p5' 0.5
	# 2 ms: 7 of 8 are even, one is d2's alone.
	is 'fairness.windows[1].jain_mean' 0.9375
	is 'fairness.windows[2].window_ms' 4
	is 'fairness.windows[2].windows' 3
	is 'fairness.windows[2].jain_mean' 1
	is 'fairness.horizon_ms' 4
	# The whole: 4 and 5 of 4.5 ms, and the same as the index of the report's head.
	is 'fairness.windows[4].window_ms' 9
	is 'fairness.windows[4].jain_mean' 0.987805
	is 'fairness.jain_weighted' 0.987805
}

@test "how many guests ran in a window" {
	turns | report
	is 'fairness.windows[0].ran_mean' 1.411765 # 10 windows with one guest, 7 with two
	is 'fairness.windows[0].ran_p5' 1
	is 'fairness.windows[0].ran_p50' 1
	is 'fairness.windows[0].ran_p95' 2
	is 'fairness.windows[2].ran_mean' 2
}

@test "an idle guest makes no window unfair" {
	{ turns; echo "p0 9000 RUNSTATE d3v0 blocked runnable"; } | report
	is 'fairness.windows[0].jain_mean' 0.705882
	is 'fairness.windows[2].jain_mean' 1
}

@test "the longest starvation and when" {
	turns | report
	is 'domains[0].longest_starvation.length_s' 0.002
	is 'domains[0].longest_starvation.at_s' 0.007
	is 'domains[1].longest_starvation.length_s' 0.001
	is 'domains[1].longest_starvation.at_s' 0
}

@test "a guest with one vCPU running does not starve" {
	report <<-TRACE
		p0 0 RUNSTATE d1v0 runnable running
		p0 0 RUNSTATE d1v1 blocked runnable
		p0 5000 RUNSTATE d1v0 running blocked
		p0 5100 RUNSTATE d1v1 runnable running
		p0 6000 RUNSTATE d1v1 running blocked
	TRACE
	is 'domains[0].longest_starvation.length_s' 0.0001
	is 'domains[0].longest_starvation.at_s' 0.005
}

@test "windows with lost records are left out and counted" {
	# From 2 to 3 ms Xen lost records; d2's state is not known until its next record at 4 ms.
	{ turns | sed '/ 2000 /d; / 3000 /d'; } >"$work/text"
	sed -i '/^p0 4000 RUNSTATE d2v0/i p0 3000 LOST 4 2000 d2v0' "$work/text"
	report <"$work/text"
	is 'fairness.windows[0].windows' 17
	is 'fairness.windows[0].unknown_windows' 5
}

@test "--from and --to move the windows" {
	turns | "$build/tests/mktrace" /dev/stdin "$work/trace"
	"$build/xtrace-fair" --format json --tsc-hz 1000000000 --from 0.007 --to 0.009 "$work/trace" | "$build/tests/flat" >"$work/facts"
	is 'fairness.windows[0].windows' 3
	is 'fairness.windows[0].jain_mean' 0.5
	is 'domains[0].longest_starvation.length_s' 0.002
	is 'domains[0].longest_starvation.at_s' 0.007
}

# d1 waits 0.5 ms for idle pCPU 0, and is put into pCPU 1's queue, where it waits 2 ms for d2 while pCPU 0 is idle.
queues() {
	cat <<-TRACE
		p0 0 RUNSTATE d1v0 running blocked
		p0 0 RUNSTATE d32767v0 runnable running
		p1 0 RUNSTATE d2v0 runnable running
		p1 1000 RUNSTATE d1v0 blocked runnable
		p0 1500 RUNSTATE d32767v0 running runnable
		p0 1502 RUNSTATE d1v0 runnable running
		p0 3000 RUNSTATE d1v0 running blocked
		p0 3000 RUNSTATE d32767v0 runnable running
		p1 4000 RUNSTATE d1v0 blocked runnable
		p1 4000 rec 0x22005 1 0 1	# PICKED_CPU
		p1 6000 RUNSTATE d2v0 running blocked
		p1 6001 RUNSTATE d1v0 runnable running
		p1 7000 RUNSTATE d1v0 running blocked
	TRACE
}

# identity: every vCPU's waits add up to its runnable time, in whole cycles.
identity() {
	awk -F'\t' '
		match($1, /^domains\[[0-9]+\]\.vcpus\[[0-9]+\]\./) { vcpu = substr($1, 1, RLENGTH) }
		$1 ~ /vcpus\[[0-9]+\]\.runnable_tsc$/ { runnable[vcpu] = $2 }
		$1 ~ /vcpus\[[0-9]+\]\.waited_for.*waited_tsc$/ { waited[vcpu] += $2 }
		END { for (v in runnable) { n++; if (waited[v] + 0 != runnable[v]) { bad++; print v, waited[v], runnable[v] } } exit !(n && !bad) }' "$work/facts"
}

@test "who held the pCPU that a vCPU waited for" {
	turns | report
	# d1 waited for d2 only; d2's first wait, 1 ms, was for a pCPU that nothing tells.
	is 'domains[0].waited_for[0].id' 2
	is 'domains[0].waited_for[0].waited_s' 0.005
	is 'domains[1].waited_for[0].id' 1
	is 'domains[1].waited_for[0].waited_s' 0.003
	is 'domains[1].waited_for[1].holder' '"unknown"'
	is 'domains[1].waited_for[1].waited_s' 0.001
	identity
}

@test "a wait for an idle pCPU, and one while another is idle" {
	queues | report
	is 'domains[0].waited_for[0].id' 2
	is 'domains[0].waited_for[0].waited_s' 0.002
	is 'domains[0].waited_for[1].holder' '"idle"'
	is 'domains[0].waited_for[1].waited_s' 0.0005
	is 'domains[0].waited_for[2].holder' '"switch"'
	is 'domains[0].waited_for[2].waited_s' 0.000003
	is 'domains[0].waited_while_another_idle_s' 0.002
	identity
}

@test "an idle pCPU that a vCPU may not use is none to it" {
	{
		printf "format container\nfile\n"
		echo 'host {"tsc_hz":1000000000,"pcpus":2,"start_tsc":1000000000}'
		echo 'domains {"tsc":1000000000,"domains":[{"id":1,"weight":256,"vcpus":[{"id":0,"affinity":[1]}]},{"id":2,"weight":256,"vcpus":[{"id":0,"affinity":[0,1]}]}]}'
		queues
	} | report
	is 'domains[0].waited_for[0].waited_s' 0.002
	is 'domains[0].waited_while_another_idle_s' 0
}

@test "waits add up to runnable time, also where records were lost" {
	for trace in scp3 w124 lost; do
		"$build/xtrace-fair" --format json "$data/$trace.trc" 2>/dev/null | "$build/tests/flat" >"$work/facts"
		identity
		"$build/xtrace-fair" --format json --from 3.3 --to 7.7 "$data/$trace.trc" 2>/dev/null | "$build/tests/flat" >"$work/facts"
		identity
	done
}

@test "the verdict: three to six sentences, with the numbers of the report" {
	for trace in scp3 w124 lost; do
		"$build/xtrace-fair" --format json "$data/$trace.trc" 2>/dev/null | "$build/tests/flat" >"$work/facts"
		count=$(grep -c '^verdict\[' "$work/facts")
		[ "$count" -ge 3 ] && [ "$count" -le 6 ]
		jain=$(awk -F'\t' '$1 == "fairness.jain_weighted" { printf "%.4f", $2 }' "$work/facts")
		grep '^verdict\[0\]' "$work/facts" | grep -qF "is $jain,"
	done
	grep '^verdict' "$work/facts" | tail -1 | grep -qF '91.04 % is known'
}

@test "the verdict counts time parked by a cap with that waited, and says so" {
	"$build/xtrace-fair" --format json "$data/cause-h9-cap-on.trc" | "$build/tests/flat" >"$work/facts"
	grep '^verdict' "$work/facts" | grep -qE 'blocked for 8\.199 s and waited for 0\.310 s, and were parked by caps for 6\.[0-9]+ s\.'
	"$build/xtrace-fair" --format json "$data/whatif-cpu-vm1-cap30.trc" | "$build/tests/flat" >"$work/facts"
	! grep '^verdict' "$work/facts" | grep -q 'Most of what the guests did not use'
}

@test "the verdict claims nothing that a trace does not carry" {
	echo "p0 0 RUNSTATE d1v0 runnable running
		p0 5000 RUNSTATE d1v0 running blocked" | report
	[ "$(grep -c '^verdict\[' "$work/facts")" -eq 3 ]
	! grep '^verdict' "$work/facts" | grep -E 'Jain|fair|waited|cause'
}

@test "the verdict does not print a hostile name as it is" {
	{
		printf 'format container\nfile\nhost {"tsc_hz":1000000000,"pcpus":1,"start_tsc":1000000000}\n'
		echo 'domains {"tsc":1000000000,"domains":[{"id":1,"name":"\u001b[31mred","weight":256},{"id":2,"weight":256}]}'
		turns
	} >"$work/text"
	"$build/tests/mktrace" "$work/text" "$work/trace"
	"$build/xtrace-fair" "$work/trace" >"$work/out" 2>/dev/null || true
	grep -q 'red' "$work/out"
	! grep -q "$(printf '\033')" "$work/out"
}
