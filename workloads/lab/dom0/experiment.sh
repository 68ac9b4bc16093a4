# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# experiment.sh: one experiment, from its plan file to its results.

CHECKED=      # the self-test was done in this boot

experiment() {
	local plan=$1 out=/host/results/$1 tracer
	. "/host/plan/$plan"
	mkdir -p "$out"
	step 120 "$NAME: $WORK, $VMS guests of $MEMORY MB"
	guests_start "$VMS" "$MEMORY"
	[ "$CHECKED" ] || selftest
	for tracer in ${TRACERS//,/ }; do
		: >"$out/guests.txt"
		parameters
		guests_setup
		prepare
		counters before
		measure "$tracer"
		counters after
		eval "$AFTER" || echo "LAB note: --after failed: $AFTER"
	done
	last_words
	dmesg >"$out/dom0-dmesg"
}

# selftest: vector registers must not leak between domains (see workloads/vectors.c).
# More vCPUs than pCPUs compute at the same time.
selftest() {
	local n bad=0
	step 60 "self-test: vector registers"
	for ((n = 1; n <= GUESTS; n++)); do guest_tell "$n" "vectors 2 $n"; done
	{
		vectors 2 101 &
		vectors 2 102
		wait $!
		for ((n = 1; n <= GUESTS; n++)); do guest_answer "$n" 30 || echo "status=silent"; done
	} >/host/selftest
	grep -q corrupt /host/selftest && bad=1
	CHECKED=yes
	[ $bad = 0 ] || fail "vector registers leak between domains: results of this machine cannot be trusted ($(grep -c corrupt /host/selftest) of $(wc -l </host/selftest) domains saw it)"
}

# work_of N: what guest N does in this experiment.
work_of() {
	local works
	IFS=, read -r -a works <<<"$WORKS_OF"
	echo "${works[$1 - 1]:-$WORK}"
}

# guests_setup: what all guests are told to do first, in their shells.
guests_setup() {
	local n
	[ "$GUEST_BEFORE" ] || return 0
	for ((n = 1; n <= VMS; n++)); do
		[ "$(guest_ask "$n" "setup $GUEST_BEFORE" 30)" = ready ] || echo "LAB note: --guest-before failed in vm$n"
	done
}

# prepare: each guest gets ready; READY[N] is empty for those that cannot.
prepare() {
	local n answer
	READY=()
	step 120 "$NAME: preparing the guests"
	for ((n = 1; n <= VMS; n++)); do guest_tell "$n" "prepare $(work_of "$n")"; done
	for ((n = 1; n <= VMS; n++)); do
		answer=$(guest_answer "$n" 90)
		if [ "$answer" = ready ]; then READY[n]=yes; else
			echo "vm$n work=$(work_of "$n") status=not-ready said=${answer//[^a-zA-Z0-9]/-}" >>"$out/guests.txt"
		fi
	done
}

# tracefs: what a tracer must leave as it was.  (Not the size of the main buffer: the kernel itself gives it
# its full size at the first event after a boot.)
tracefs() {
	local dir=/sys/kernel/tracing file
	for file in trace_clock tracing_on current_tracer set_event events/enable; do
		echo "$file: $(cat $dir/$file)"
	done
	ls $dir/instances
}

# measure TRACER: the work of all guests and the capture, at the same time.
# For cpu the capture lies within the work: all want to run all the time.  For the
# others the work lies within the capture, if it is over by then.
measure() {
	local limit=$((DURATION * 2 + 60)) n capture='' script='' top pids=()
	[ "$TIMEOUT" ] && limit=$TIMEOUT
	step $((limit + 60)) "$NAME: $DURATION s, tracer $1"
	case $WORK in
	cpu | dodge) go "$((DURATION + 4))" "$limit"; sleep 1; capture_start "$1" ;;
	*) capture_start "$1"; go "$DURATION" "$limit" ;;
	esac
	watch "$DURATION" &
	top=$!
	if [ "$SCRIPT" ]; then
		(cd "$out" && timeout "$limit" "$SCRIPT" "$out" >"$out/dom0-script.log" 2>&1; echo $? >"$out/dom0-script.exit") &
		script=$!
	fi
	for ((n = 1; n <= VMS; n++)); do
		[ "${READY[n]-}" ] || continue
		collect "$n" "$((limit + 10))" &
		pids+=($!)
	done
	wait $top $script "${pids[@]}"
	cat "$out"/.guest-* >>"$out/guests.txt" 2>/dev/null
	rm -f "$out"/.guest-*
	capture_end "$1" "$capture"
}

# go SECONDS LIMIT: one line to each guest that is ready, one right after the other.
go() {
	local n sizes size work
	IFS=, read -r -a sizes <<<"$FILE_MBS"
	for ((n = 1; n <= VMS; n++)); do
		size=${sizes[n - 1]:-$FILE_MB} work=$(work_of "$n")
		[ "$size" = 0 ] && work=idle
		case $work in povray) size=$PICTURE ;; mpi) size=$VMS:$MPI ;; esac
		[ "${READY[n]-}" ] && guest_tell "$n" "go $work $1 $2 $size"
	done
}

# collect N SECONDS: the guest's answer, a line for each thing it did.
collect() {
	local answer line
	answer=$(guest_answer "$1" "$2") || answer+=$'\n'"work=$(work_of "$1") status=lost"
	while read -r line; do
		[ "$line" ] && echo "vm$1 $line"
	done <<<"$answer" >"$out/.guest-$1"
}

# capture_start TRACER: sets $capture to its process, and returns once it captures.  What it used
# is told in TRACER.used.
capture_start() {
	local file=/run/capture/$1 limit=$((DURATION + 60))
	mkdir -p /run/capture
	rm -f /run/capture/*
	case $1 in
	xtrace-cap)
		# shellcheck disable=SC2086 # the arguments are words
		timed "$limit" xtrace-cap -d "$DURATION" -o "$file" $TRACER_ARGS $XTRACE_ARGS >"$out/xtrace-cap.used" 2>"$out/xtrace-cap.log" & ;;
	xentrace)
		# shellcheck disable=SC2086
		timed "$limit" xentrace -D -e all -T "$DURATION" $TRACER_ARGS "$file" >"$out/xentrace.used" 2>"$out/xentrace.log" & ;;
	none) capture=; return ;;
	esac
	capture=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -s "$file" ] && break
		sleep 0.3
	done
}

# capture_end TRACER PROCESS: waits for it and brings the trace out.
capture_end() {
	local file=/run/capture/$1 name
	[ "$2" ] || return 0
	wait "$2"
	sed -n "s/.* exit=\([0-9]*\) .*/\1/p" "$out/$1.used" >"$out/$1.exit"
	case $1 in xtrace-cap) name=run.trc ;; *) name=run.$1 ;; esac
	step 300 "$NAME: bringing out $(stat -c %s "$file" 2>/dev/null || echo 0) bytes of trace"
	[ -e "$file" ] && cp "$file" "$out/$name"
	rm -f "$file"
}
