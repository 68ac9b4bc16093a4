# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# plan.sh: options → experiments.  An experiment is a file of shell variables, one for each
# row of OPTIONS, plus WORK and NAME; dom0/experiment.sh reads it inside.

WORKLOADS='scp http slow paced cpu dodge burst steady surge mix serve povray netperf iperf mpi idle'

# option|variable|default|form of its value|what it is
OPTIONS=(
	'--vms|VMS|3|[0-9]+|number of guests'
	'--memory|MEMORY|128|[0-9]+|MB of each guest; 112 is the least that works'
	'--works|WORKS_OF||[a-z]+(,[a-z]+)*|workloads of the guests, in order; that of the experiment for those not named'
	'--weights|WEIGHTS||[0-9]+(,[0-9]+)*|of the guests, in order; 256 for those not named'
	'--caps|CAPS||[0-9]+(,[0-9]+)*|in percent of a pCPU; 0 for none'
	'--duration|DURATION|30|[0-9]+|seconds of capture; cpu computes for as long'
	'--file-size|FILE_MB||[0-9]+|MB that each guest copies; default 2 * duration / vms'
	'--file-sizes|FILE_MBS||[0-9]+(,[0-9]+)*|the same by guest, in order; 0: it stays idle; --file-size for those not named'
	'--picture|PICTURE|160x120|[0-9]+x[0-9]+|pixels of what povray renders'
	'--mpi|MPI|ep.S,is.S,cg.S,mg.S,ft.S|[a-z]+([.][SWA])?(,[a-z]+([.][SWA])?)*|what mpi runs, by program and class; micro (between two) and hpcc have none'
	'--tracer|TRACER|xtrace-cap|xtrace-cap|xentrace|both-in-turn|none|who captures'
	'--tracer-args|TRACER_ARGS||.*|more arguments for it'
	'--xtrace-args|XTRACE_ARGS||.*|more arguments for xtrace-cap alone'
	'--before|BEFORE||.*|shell COMMAND in Dom0 before the capture, for what weights and caps cannot say'
	'--after|AFTER||.*|shell COMMAND in Dom0 after it, to undo that'
	'--guest-before|GUEST_BEFORE||.*|shell COMMAND in each guest before the capture; it lasts until the boot ends'
	'--dom0-script|SCRIPT||.*|FILE to run in Dom0 while the guests work'
	'--timeout|TIMEOUT||[0-9]+|seconds until unfinished work is given up; default 2 * duration + 60'
	'-o|OUT|out|.+|folder for the results'
)
# These hold for a boot, not for an experiment.
BOOT_OPTIONS=(
	'--machine|MACHINE|xen|xen|native|hosts|what is booted: Xen with guests, Linux alone, whose processes do what guests would, or hosts: a machine with Linux alone for each'
	'--sched|SCHED|credit|credit2?|Xen'"'"'s scheduler'
	'--hypervisor|HYPERVISOR||.+|another Xen: patched (make xen), stock (make xen-stock), or a FILE (ELF, or gzip of it)'
	'--clock|CLOCK|host|host|instructions|what time follows: this machine'"'"'s, or executed instructions (2 ns each, one pCPU at a time: repeatable)'
	'--xen-args|XEN_ARGS||.*|more arguments for it'
	'--tracer-bin|TRACER_BIN||.+|xtrace-cap to bring into Dom0; default build/xtrace-cap'
	'--bring|BRING||.+|FILE to bring into Dom0'"'"'s PATH, with its libraries; may be given again'
	'--plan|PLAN||.+|FILE with an experiment per line: WORKLOAD and its options'
)

# option_row NAME ROW…: prints the row of that name.
option_row() {
	local name=$1 row
	shift
	for row; do [ "${row%%|*}" = "$name" ] && echo "$row" && return; done
	return 1
}

# option_parts ROW: sets opt_name, opt_variable, opt_default, opt_form and opt_help.  A form
# may contain the separator itself, so it is what is left in the middle.
option_parts() {
	local rest=$1
	opt_name=${rest%%|*} rest=${rest#*|}
	opt_variable=${rest%%|*} rest=${rest#*|}
	opt_default=${rest%%|*} rest=${rest#*|}
	opt_form=${rest%|*} opt_help=${rest##*|}
}

# option_take NAME VALUE ROW…: sets the option's variable; 1 if no row has that name.
option_take() {
	local name=$1 value=$2 row
	shift 2
	row=$(option_row "$name" "$@") || return 1
	option_parts "$row"
	[[ $value =~ ^($opt_form)$ ]] || usage "$opt_name: bad value: $value"
	if [ "$opt_variable" = BRING ]; then BRING+=("$value"); else printf -v "$opt_variable" %s "$value"; fi
}

option_defaults() {
	local row
	for row; do
		option_parts "$row"
		printf -v "$opt_variable" %s "$opt_default"
	done
}

# plan_arguments ALLOWED ARGUMENT…: takes options into their variables and workloads into
# WORKS.  ALLOWED is "boot" or "experiment": whether boot options may be among them.
plan_arguments() {
	local allowed=$1 rows=("${OPTIONS[@]}") name
	shift
	[ "$allowed" = boot ] && rows+=("${BOOT_OPTIONS[@]}")
	WORKS=()
	[ "$allowed" = boot ] && BRING=() # a plan's lines add none
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help) help; exit 0 ;;
		--*=*) option_take "${1%%=*}" "${1#*=}" "${rows[@]}" || usage "unknown option here: $1" ;;
		-*)
			name=$1
			option_row "$name" "${rows[@]}" >/dev/null || usage "unknown option here: $name"
			[ $# -gt 1 ] || usage "$name needs a value"
			shift
			option_take "$name" "$1" "${rows[@]}" ;;
		*)
			[[ " $WORKLOADS " = *" $1 "* ]] || usage "unknown workload: $1 (there are: $WORKLOADS)"
			WORKS+=("$1") ;;
		esac
		shift
	done
}

# plan_add: one experiment from the variables as they are now, as file number $PLANNED.
plan_add() {
	# What is worked out here is this experiment's alone.
	local row work FILE_MB=$FILE_MB SCRIPT=$SCRIPT
	[ "$VMS" -le 60 ] || usage "at most 60 guests"
	for work in ${WORKS_OF//,/ }; do
		[[ " $WORKLOADS " = *" $work "* ]] || usage "--works: unknown workload: $work"
	done
	[ "$DURATION" -ge 1 ] || usage "--duration must be at least 1"
	[ "$VMS" -gt 0 ] || [ "$WORK" = idle ] || usage "$WORK needs a guest"
	[ "$FILE_MB" ] || FILE_MB=$((2 * DURATION / (VMS ? VMS : 1)))
	[ "$FILE_MB" -gt 0 ] || FILE_MB=1
	PLANNED=$((PLANNED + 1))
	OUTS[PLANNED]=$OUT
	NAME=${OUT##*/}
	case $TRACER in both-in-turn) TRACERS=xtrace-cap,xentrace ;; *) TRACERS=$TRACER ;; esac
	[ "$MACHINE" = xen ] || TRACERS=none
	[[ $TRACERS = *xtrace-cap* ]] && NEED_TRACER=yes
	[[ ",$WORK,$WORKS_OF," =~ ,(povray|iperf|mpi), ]] && NEED_IMAGE=yes
	[[ ",$WORK,$WORKS_OF," = *,mpi,* ]] && NEED_MPI=yes
	[ "$NEED_MPI" ] && [[ ",$MPI," = *,hpcc,* ]] && NEED_HPCC=yes
	[ "$VMS" -le "$GUESTS_MOST" ] || GUESTS_MOST=$VMS
	if [ "$SCRIPT" ]; then
		[ -r "$SCRIPT" ] || die "cannot read $SCRIPT"
		install -m 755 "$SCRIPT" "$SCRATCH/dom0/lab/script-$PLANNED"
		SCRIPT=/lab/script-$PLANNED
	fi
	for row in "${OPTIONS[@]}"; do
		option_parts "$row"
		printf '%s=%q\n' "$opt_variable" "${!opt_variable}"
	done >"$SCRATCH/host/plan/$PLANNED"
	printf '%s=%q\n' WORK "$WORK" NAME "$NAME" TRACERS "$TRACERS" SCHED "$SCHED" >>"$SCRATCH/host/plan/$PLANNED"
	# The machine must be large enough for the largest experiment.
	[ $((VMS * MEMORY)) -gt "$GUESTS_MB" ] && GUESTS_MB=$((VMS * MEMORY))
	return 0
}

# machine_fits: Linux alone has nothing that Xen's tracer or scheduler could be told, and few machines fit on one.
machine_fits() {
	[ "$MACHINE" = xen ] || [ ! "$HYPERVISOR$XEN_ARGS" ] || usage "--machine $MACHINE has no hypervisor"
	[ "$MACHINE" != hosts ] || [ "$GUESTS_MOST" -le 8 ] || usage "at most 8 hosts"
}

# plan_make ARGUMENT…: the command line's experiments and those of --plan, whose lines
# start from what the command line says.
plan_make() {
	local works common=$OUT file=$PLAN line words
	PLANNED=0 GUESTS_MB=0 GUESTS_MOST=0 NEED_TRACER='' NEED_IMAGE='' NEED_MPI='' NEED_HPCC='' OUTS=()
	works=("${WORKS[@]}")
	for WORK in "${works[@]}"; do
		[ ${#works[@]} = 1 ] && [ ! "$file" ] || OUT=$common/$WORK
		plan_add
	done
	[ "$file" ] || return 0
	[ -r "$file" ] || die "cannot read $file"
	while read -r line; do
		mapfile -t words < <(xargs -n 1 <<<"${line%%#*}")
		[ "${words[*]}" ] || continue
		option_defaults "${OPTIONS[@]}"
		plan_arguments boot "$@"
		plan_arguments experiment "${words[@]}"
		[ ${#WORKS[@]} = 1 ] || usage "$file: one workload per line: $line"
		WORK=${WORKS[0]}
		if [ "$OUT" = "$common" ]; then OUT=$common/$WORK; else OUT=$common/$OUT; fi
		plan_add
	done <"$file"
}
