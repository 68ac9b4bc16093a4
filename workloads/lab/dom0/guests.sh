# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# guests.sh: start guests and talk to them.
#
# Guest N is called vmN, has the address 192.168.77.(10 + N) and, once it is up, connects
# to port 7000 + N of Dom0, where a nc of its own connects it to two fifos: what is
# written to TO[N] is read by the guest's agent (guest/agent), its answers come out of
# FROM[N].  Both sides block; nobody polls.  An answer is any number of lines and ends
# with "end".  guest_create() and guest_destroy() are in xen.sh, or in native.sh, where a
# guest is a process.

GUESTS=0          # how many guests there are now
GUEST_MEMORY=0    # … of how many MB
declare -a TO FROM NC

# guests_start COUNT MEMORY: that many guests, up and connected.  Those that are there
# already are kept if they are what is asked for.
guests_start() {
	local n since
	[ "$GUESTS" = "$1" ] && [ "$GUEST_MEMORY" = "$2" ] && guests_answer && return 0
	guests_destroy
	GUESTS=$1 GUEST_MEMORY=$2
	for ((n = 1; n <= GUESTS; n++)); do
		step 120 "starting vm$n of $GUESTS ($GUEST_MEMORY MB)"
		guest_listen "$n"
		guest_create "$n" && continue
		step 60 "vm$n did not start: $(tail -n 1 "/host/console/xl-create-vm$n.log" 2>/dev/null)"
		echo died >&"${FROM[$n]}"
	done
	since=$SECONDS
	step 300 "waiting for $GUESTS guests to boot"
	for ((n = 1; n <= GUESTS; n++)); do
		guest_answer "$n" $((240 - (SECONDS - since))) >/dev/null || echo "LAB note: vm$n does not answer"
	done
}

# guest_listen N: the two fifos and the nc between them.
guest_listen() {
	local dir=/run/guest/$1 fd
	mkdir -p "$dir"
	rm -f "$dir"/*
	mkfifo "$dir/to" "$dir/from"
	# Opened for reading and writing, so that opening does not wait for the other side.
	exec {fd}<>"$dir/to" && TO[$1]=$fd
	exec {fd}<>"$dir/from" && FROM[$1]=$fd
	nc -l -p $((7000 + $1)) <"$dir/to" >"$dir/from" 2>/dev/null &
	NC[$1]=$!
}

# guest_tell N LINE: to the guest's agent.
guest_tell() { echo "$2" >&"${TO[$1]}"; }

# guest_answer N SECONDS: the lines of one answer; fails when none has come by then.
guest_answer() {
	local line deadline=$((SECONDS + $2)) left
	while left=$((deadline - SECONDS)) && [ "$left" -gt 0 ] && read -r -t "$left" -u "${FROM[$1]}" line; do
		[ "$line" = end ] && return 0
		[ "$line" = died ] && return 1
		# What a guest says is data: nothing but words and numbers gets through.
		echo "${line//[^a-zA-Z0-9_=. :-]/_}"
	done
	return 1
}

# guest_ask N LINE [SECONDS]
guest_ask() {
	guest_tell "$1" "$2"
	guest_answer "$1" "${3:-60}"
}

# guests_answer: do all of them?
guests_answer() {
	local n
	for ((n = 1; n <= GUESTS; n++)); do
		guest_ask "$n" ping 10 >/dev/null || return 1
	done
}

guests_destroy() {
	local n
	[ "$GUESTS" -gt 0 ] && step 60 "destroying $GUESTS guests"
	for ((n = 1; n <= GUESTS; n++)); do
		guest_destroy "$n"
		kill "${NC[$n]}" 2>/dev/null
		# shellcheck disable=SC1083,SC2093 # closes two descriptors whose numbers are in arrays
		exec {TO[$n]}>&- {FROM[$n]}>&-
	done
	GUESTS=0
}
