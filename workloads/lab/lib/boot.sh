# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# boot.sh: one boot of the emulated host: a scratch folder, the remote end's sshd, QEMU,
# and a watchdog.  Whatever way this ends, nothing is left running: QEMU and sshd are
# killed by the trap, and by the kernel if the lab itself is killed.
#
# The scratch folder:
#   host/      Dom0 sees it as /host (9p): plan/ goes in; results/, console/ come out
#   dom0/      becomes Dom0's second initrd: the lab's scripts, the tracer
#   guest/     becomes the guests' second initrd: agent, programs, key
#   lan-N      host N's wire to the first host's hub (--machine hosts)
#   machines   what QEMU used of this machine's CPUs for each program that was told of
#   remote/    the remote end's servers: keys, configuration and, in files/, what guests copy

BOOT_LIMIT=120       # seconds until Dom0's first sign of life
HOST_MB=512          # of each host beside the first
QEMUS=() SERVERS=()
PROGRAM='' PROGRAM_SINCE_S=0 PROGRAM_TICKS=0 # what program_mark() was told of last

# scratch_make: sets SCRATCH.  Folders of labs that were killed are removed: theirs is the
# lock that nobody holds.
scratch_make() {
	local dir
	mkdir -p "$CACHE/run"
	for dir in "$CACHE"/run/*/; do
		[ -e "$dir/lock" ] && flock -n "$dir/lock" rm -rf "$dir"
	done
	SCRATCH=$(mktemp -d "$CACHE/run/XXXXXX") || die "cannot write to $CACHE"
	exec {SCRATCH_LOCK}>"$SCRATCH/lock"
	flock "$SCRATCH_LOCK"
	trap boot_clean EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mkdir -p "$SCRATCH"/{host/{plan,results,console,guest},dom0/{lab,opt/tracer/{bin,lib}},guest/lab,remote/files}
	: >"$SCRATCH/machines"
}

boot_clean() {
	trap '' INT TERM HUP
	machines_stop
	remote_stop
	rm -rf "$SCRATCH"
}

# outlived_by_nobody COMMAND…: becomes COMMAND, which the kernel kills when the lab ends.
outlived_by_nobody() { exec setpriv --pdeathsig KILL "$@"; }

# file_sizes PLAN…: of all files that guests will copy.
file_sizes() {
	local plan
	for plan; do
		(. "$plan"; echo "$FILE_MB,$FILE_MBS")
	done | tr , "\n" | grep . | sort -u
}

# remote_start: the machine that guests copy from: an sshd, and a plain server of the same files, on
# free loopback ports.  They are Debian's own, out of the cache, in name spaces of their own: this
# machine's accounts, keys and files are not touched, and their children die with them.
remote_start() {
	local remote=$SCRATCH/remote size
	ssh_keygen -t ed25519 -N '' -q -C '' -f "/run/lab/host_key"
	ssh_keygen -t ed25519 -N '' -q -C '' -f "/run/lab/key"
	mv "$remote/key" "$SCRATCH/guest/lab/key"
	mv "$remote/key.pub" "$remote/authorized_keys"
	echo "remote $(cut -d' ' -f1,2 "$remote/host_key.pub")" >"$SCRATCH/guest/lab/known_hosts"
	for size in $(file_sizes "$SCRATCH"/host/plan/*); do
		head -c "${size}M" /dev/urandom >"$remote/files/file-$size"
	done
	cat >"$remote/sshd_config" <<-CONFIG
		ListenAddress 127.0.0.1
		HostKey /run/lab/host_key
		AuthorizedKeysFile /run/lab/authorized_keys
		PidFile none
		StrictModes no
		PasswordAuthentication no
		AllowUsers lab
		MaxStartups 200
		UseDNS no
		Subsystem sftp internal-sftp
	CONFIG
	server_start sshd /usr/sbin/sshd -D -e -f /run/lab/sshd_config -p PORT
	echo "$PORT" >"$SCRATCH/guest/lab/remote"
	: >"$SCRATCH/guest/lab/remote-blast"
	: >"$SCRATCH/guest/lab/remote-iperf"
	receivers_start "$GUESTS_MOST"
	server_start httpd /bin/busybox httpd -f -u 65534 -h /run/lab/files -p 127.0.0.1:PORT
	echo "$PORT" >"$SCRATCH/guest/lab/remote-http"
}

# receivers_start COUNT: each guest's own servers for what it sends.
receivers_start() {
	local n
	cp "$CACHE/bin/blast" "$SCRATCH/remote/"
	for ((n = 1; n <= $1; n++)); do
		server_start "blast-$n" /run/lab/blast --receive 127.0.0.1 PORT
		echo "$PORT" >>"$SCRATCH/guest/lab/remote-blast"
		[ "$NEED_IMAGE" ] || continue
		server_start "iperf-$n" /usr/bin/iperf -s -B 127.0.0.1 -p PORT -y C
		echo "$PORT" >>"$SCRATCH/guest/lab/remote-iperf"
	done
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# server_start NAME COMMAND…: on a free loopback port, which goes into PORT and takes that word's place.
server_start() {
	local log=$SCRATCH/remote/$1.log name=$1 server
	shift
	for _ in 1 2 3 4 5; do
		PORT=$((20000 + RANDOM % 12000))
		listens "$PORT" && continue
		remote_run "${@/PORT/$PORT}" >"$log" 2>&1 &
		server=$!
		SERVERS+=("$server")
		for _ in {1..50}; do
			listens "$PORT" && return 0
			kill -0 "$server" 2>/dev/null || break
			sleep 0.1
		done
	done
	cat "$log" >&2
	die "the remote end's $name does not start"
}

# remote_stop: a server is the first process of its name space; all others there die with it.
remote_stop() {
	local server
	for server in "${SERVERS[@]}"; do
		# shellcheck disable=SC2046 # one number, or none
		kill -KILL $(cat "/proc/$server/task/$server/children" 2>/dev/null) "$server" 2>/dev/null
		wait "$server" 2>/dev/null
	done
}

# remote_run COMMAND…: becomes COMMAND in the tree of packages, with /run/lab and accounts
# of its own.
remote_run() {
	# shellcheck disable=SC2016 # the inner shell expands it
	outlived_by_nobody unshare --mount --pid --fork --kill-child=KILL sh -euc '
		root=$1 lab=$2
		shift 2
		mount --make-rprivate /
		mount --bind "$root" "$root"
		mount --rbind /dev "$root/dev"
		mount -t proc proc "$root/proc"
		mount -t tmpfs run "$root/run"
		mkdir -p "$root/run/lab" "$root/run/sshd"
		mount --bind "$lab" "$root/run/lab"
		mount -t tmpfs etc "$root/etc"
		printf "%s\n" root:x:0:0::/root:/bin/sh sshd:x:100:65534::/run/sshd:/bin/false lab:x:65534:65534::/run/lab/files:/bin/sh >"$root/etc/passwd"
		exec chroot "$root" "$@"
	' sh "$CACHE/root" "$SCRATCH/remote" "$@"
}

ssh_keygen() { (remote_run /usr/bin/ssh-keygen "$@") || die "ssh-keygen failed"; }

# overlays_make: the second initrds, which hold all that is not from a package.
overlays_make() {
	local dom0=$SCRATCH/dom0 guest=$SCRATCH/guest file
	cp "$LAB"/dom0/* "$dom0/lab/"
	mv "$dom0/lab/init" "$dom0/init"
	traced_events >"$dom0/lab/events"
	[ "$NEED_TRACER" ] || [ -e "$TRACER_BIN" ] && bring "$TRACER_BIN"
	for file in "${BRING[@]}" "$CACHE"/bin/{vectors,timed}; do bring "$file"; done
	pack_initrd "$dom0" >"$SCRATCH/dom0.cpio"
	cat "$CACHE/dom0.img" "$SCRATCH/dom0.cpio" >"$SCRATCH/dom0.initrd"

	cp "$LAB"/guest/* "$guest/lab/"
	cp "$LAB/guest/init" "$guest/init"
	chmod 600 "$guest/lab/key"
	# ssh wants a name for who runs it.
	mkdir -p "$guest/etc" "$guest/usr/bin"
	echo root:x:0:0::/root:/bin/sh >"$guest/etc/passwd"
	cp "$CACHE"/bin/* "$guest/usr/bin/"
	[ ! "$NEED_MPI" ] || { cp -r "$MPI_BIN" "$guest/lab/mpi" && cp "$LAB/../mpi/hpccinf.txt" "$guest/lab/mpi/"; }
	pack_initrd "$guest" >"$SCRATCH/guest.cpio"
	cat "$CACHE/guest.img" "$SCRATCH/guest.cpio" >"$SCRATCH/host/guest/initrd"
	cp --reflink=auto "$CACHE/vmlinux" "$SCRATCH/host/guest/vmlinux"
	# Linux alone has all that guests have, and Dom0's init; a host beside the first starts with the guests', /lab/init.
	[ "$MACHINE" = xen ] || cat "$CACHE/guest.img" "$SCRATCH/guest.cpio" "$SCRATCH/dom0.initrd" >"$SCRATCH/native.initrd"
}

# traced_events: the events of Dom0's kernel that xtrace-cap records.
traced_events() { sed -n 's|^\t{ "\([a-z]*\)", "\([a-z_]*\)" },$|\1/\2|p' "$TOP/tracer/kernel_trace_tracefs.c"; }

# bring PROGRAM: into Dom0, with the libraries that it is linked against here, but for the
# C library's own, which Dom0 has.
bring() {
	local target=$SCRATCH/dom0/opt/tracer library
	[ -f "$1" ] || die "no such file: $1"
	install -m 755 "$1" "$target/bin/"
	while read -r library; do
		case ${library##*/} in libc.so.* | libm.so.* | libpthread.so.* | ld-linux*) continue ;; esac
		cp -L "$library" "$target/lib/"
	done < <(ldd "$1" 2>/dev/null | sed -n 's|.* => \(/[^ ]*\) .*|\1|p')
}

# hypervisor_find: --hypervisor's file, for those that have a name.
hypervisor_find() {
	case $HYPERVISOR in
	patched | stock)
		HYPERVISOR=$BUILD/xen-$HYPERVISOR.gz
		[ -f "$HYPERVISOR" ] || die "no $HYPERVISOR: make xen xen-stock" ;;
	*)	[ ! "$HYPERVISOR" ] || [ -r "$HYPERVISOR" ] || die "cannot read $HYPERVISOR" ;;
	esac
}

# 5: what a CPU that is stuck did is told; 4 tells only that it is.
LINUX_ARGS='quiet loglevel=5 panic=-1'

# emulated MB WHAT…: sets $command to QEMU: the machine that all are, with what else this one has.
emulated() {
	local memory=$1 accelerator=(-accel tcg)
	shift
	# shellcheck disable=SC2054 # the commas are QEMU's
	[ "$CLOCK" = host ] || accelerator=(-accel tcg,thread=single -icount shift=1,sleep=off)
	# shellcheck disable=SC2054
	command=(qemu-system-x86_64 "${accelerator[@]}" -cpu "$CPU_MODEL" -smp 2,sockets=1,cores=1,threads=2 -m "$memory"
		-nodefaults -no-reboot -display none -serial stdio "$@")
	[ ! "$NEED_IMAGE" ] || command+=(-drive "file=$CACHE/image.squashfs,format=raw,if=virtio,readonly=on")
}

# kernel_find: sets $kernel to what the first machine boots: Xen with Dom0's Linux, or Linux alone.
kernel_find() {
	local xen=$CACHE/xen
	local xen_args="dom0_mem=${DOM0_MB}M,max:${DOM0_MB}M dom0_max_vcpus=2 sched=$SCHED noreboot=1 com1=115200,8n1 console=com1 $XEN_ARGS"
	if [ "$MACHINE" != xen ]; then
		kernel=(-kernel "$CACHE/vmlinux" -append "console=ttyS0 $LINUX_ARGS lab_machine=$MACHINE" -initrd "$SCRATCH/native.initrd")
		return
	fi
	if [ "$HYPERVISOR" ]; then
		xen=$SCRATCH/xen
		zcat -f "$HYPERVISOR" >"$xen" || die "cannot read $HYPERVISOR"
	fi
	# shellcheck disable=SC2054
	kernel=(-kernel "$xen" -append "$xen_args" -initrd "$CACHE/vmlinux console=hvc0 $LINUX_ARGS,$SCRATCH/dom0.initrd")
}

# machine_start: QEMU, with its console on descriptor $CONSOLE, what is typed there on $KEYS, and all other hosts.
machine_start() {
	local command kernel
	kernel_find
	# shellcheck disable=SC2054
	emulated $((DOM0_MB + GUESTS_MB + 512)) "${kernel[@]}" -netdev user,id=net -device virtio-net-pci,netdev=net,romfile= \
		-virtfs "local,path=$SCRATCH/host,mount_tag=host,security_model=none"
	[ "$MACHINE" != hosts ] || hub_add
	printf '%q ' "${command[@]}" >"$SCRATCH/host/qemu-command"
	if [ "${1-}" = foreground ]; then (outlived_by_nobody "${command[@]}"); return; fi
	mkfifo "$SCRATCH/keys"
	exec {KEYS}<>"$SCRATCH/keys"
	exec {CONSOLE}< <(outlived_by_nobody "${command[@]}" 2>&1 <&"$KEYS")
	QEMUS=($!)
	[ "$MACHINE" != hosts ] || hosts_start
}

# lan_device N: host N's card.
lan_device() { echo "virtio-net-pci,netdev=lan,romfile=,mac=52:54:00:77:00:$(printf %02x "$1")"; }

# hub_add: the first host's card is on a hub, with a wire for each other host: all see each other, and nobody else sees them.
hub_add() {
	local n
	# shellcheck disable=SC2054
	command+=(-netdev hubport,id=lan,hubid=1 -device "$(lan_device 1)")
	for ((n = 2; n <= GUESTS_MOST; n++)); do
		command+=(-netdev "stream,id=wire$n,server=on,addr.type=unix,addr.path=$SCRATCH/lan-$n" -netdev "hubport,id=port$n,hubid=1,netdev=wire$n")
	done
}

# hosts_start: what would be a guest is a machine of its own.
hosts_start() {
	local n command
	for ((n = 2; n <= GUESTS_MOST; n++)); do
		for _ in {1..100}; do
			[ -S "$SCRATCH/lan-$n" ] && break
			sleep 0.1
		done
		emulated $HOST_MB -kernel "$CACHE/vmlinux" -append "console=ttyS0 $LINUX_ARGS rdinit=/lab/init lab_guest=$n" -initrd "$SCRATCH/native.initrd" \
			-netdev "stream,id=lan,server=off,addr.type=unix,addr.path=$SCRATCH/lan-$n" -device "$(lan_device "$n")"
		outlived_by_nobody "${command[@]}" </dev/null >"$SCRATCH/host/console/guest-vm$n.log" 2>&1 &
		QEMUS+=($!)
	done
}

machines_stop() {
	[ ${#QEMUS[@]} = 0 ] || kill -KILL "${QEMUS[@]}" 2>/dev/null
	QEMUS=()
}

# machines_ticks: what all of them used of this machine's CPUs until now.
machines_ticks() {
	local qemu
	for qemu in "${QEMUS[@]}"; do sed 's/.*) //' "/proc/$qemu/stat"; done | awk '{ ticks += $12 + $13 } END { print ticks + 0 }'
}

# program_mark [NAME]: NAME begins now, or, without one, that before has ended: a line of what the machines used for it.  Inside, time
# in which QEMU waited for a CPU of this machine looks like time that the program used.
program_mark() {
	local ticks
	ticks=$(machines_ticks)
	[ "$1" ] || awk -v name="$PROGRAM" -v since="$PROGRAM_SINCE_S" -v now="$EPOCHREALTIME" -v ticks=$((ticks - PROGRAM_TICKS)) -v hz="$(getconf CLK_TCK)" \
		'BEGIN { printf "machines work=qemu status=ok program=%s wall_s=%.3f cpu_s=%.2f\n", name, now - since, ticks / hz }' >>"$SCRATCH/machines"
	PROGRAM=$1 PROGRAM_SINCE_S=$EPOCHREALTIME PROGRAM_TICKS=$ticks
}

# machine_watch: follow the console until the machine is off.  Dom0 says what it does and
# for how long it may be silent ("LAB step SECONDS TEXT"); longer is a hang.
machine_watch() {
	local line='' part what=booting deadline=$((SECONDS + BOOT_LIMIT * PATIENCE)) code words
	local log=$SCRATCH/host/console/dom0.log
	while :; do
		part=
		IFS= read -r -t $((deadline > SECONDS ? deadline - SECONDS : 1)) -u "$CONSOLE" part
		code=$?
		line+=$part
		if [ $code -gt 128 ]; then
			[ $SECONDS -lt $deadline ] && continue
			xen_asked >>"$log"
			boot_broken "hangs: no progress since \"$what\""
			return 1
		fi
		line=${line//$'\r'/}     # Xen's console adds some
		printf '%s\n' "$line" >>"$log"
		case $line in
		*'LAB step '*)
			read -r -a words <<<"${line#*LAB step }"
			what=${words[*]:1}
			deadline=$((SECONDS + words[0] * PATIENCE))
			say "$what" ;;
		*'LAB fail '*) boot_broken "${line#*LAB fail }"; return 1 ;;
		*'LAB finished '*) collect_results "${line#*LAB finished }" ;;
		*'LAB program '*) program_mark "${line#*LAB program }" ;;
		*'LAB program') program_mark '' ;;
		*'LAB note: '*) say "note: ${line#*LAB note: }" ;;
		esac
		line=
		[ $code = 0 ] || break
	done
	machines_stop
	if [ ! -e "$SCRATCH/host/exit-code" ]; then
		boot_broken "the machine went off on its own after \"$what\""
		return 1
	fi
	return "$(cat "$SCRATCH/host/exit-code")"
}

XEN_KEYS=d0rqe # registers of all CPUs, Dom0's, run queues, domains, event channels

# xen_asked: what Xen says of a Dom0 that hangs, if it still listens.
xen_asked() {
	local i
	[ "$MACHINE" = xen ] || return 0
	printf '\001\001\001' >&"$KEYS"
	for ((i = 0; i < ${#XEN_KEYS}; i++)); do
		sleep 0.5
		printf %s "${XEN_KEYS:i:1}" >&"$KEYS"
	done
	timeout 10 cat <&"$CONSOLE" | tr -d '\r'
}

# boot_broken TEXT: say so, with the last words of the console; keep what there is.
boot_broken() {
	local out=${OUTS[1]-out} file
	{
		echo "lab: the emulated host $1"
		echo "lab: its console ends with"
		sed '/^(XEN) \*\*\* Serial input to Xen/,$d' "$SCRATCH/host/console/dom0.log" 2>/dev/null | tail -n 20 | tr -cd '[:print:]\n\t' | sed 's/^/    /'
	} >&2
	for file in "${OUTS[@]}"; do
		[ -e "$file/summary.json" ] && continue
		out=$file
		break
	done
	mkdir -p "$out"
	cp -r "$SCRATCH/host/console" "$out/" 2>/dev/null
	say "consoles are in $out/console"
}
