# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# xen.sh: what a Xen host has that Linux alone (native.sh) has not: guests as domains, weights, counters of CPU time.

guest_create() {
	local disk=''
	[ -b /dev/vda ] && disk='disk = [ "format=raw,vdev=xvda,access=ro,backendtype=phy,script=/lab/block-lab,target=/dev/vda" ]'
	cat >"/run/guest/$1/config" <<-CONFIG
		name = "vm$1"
		kernel = "/run/guest/vmlinux"
		ramdisk = "/run/guest/initrd"
		extra = "console=hvc0 quiet loglevel=4 panic=-1 lab_guest=$1"
		memory = $GUEST_MEMORY
		vcpus = 1
		vif = [ "mac=00:16:3e:00:00:$(printf %02x "$1"),bridge=xenbr0,script=/lab/vif-lab" ]
		$disk
		on_crash = "destroy"
		on_reboot = "destroy"
	CONFIG
	# Read from the host once, then from memory for every guest.
	[ -e /run/guest/vmlinux ] || cp /host/guest/vmlinux /host/guest/initrd /run/guest/
	xl create -q "/run/guest/$1/config" >/host/console/xl-create-vm$1.log 2>&1
}

guest_destroy() { xl destroy "vm$1" 2>/dev/null; }

# parameters: weights and caps, the default where the plan names none.
parameters() {
	local n weights caps
	IFS=, read -r -a weights <<<"$WEIGHTS"
	IFS=, read -r -a caps <<<"$CAPS"
	for ((n = 1; n <= VMS; n++)); do
		xl "sched-$SCHED" -d "vm$n" -w "${weights[n - 1]:-256}" -c "${caps[n - 1]:-0}" ||
			echo "LAB note: cannot set weight or cap of vm$n"
	done
	eval "$BEFORE" || echo "LAB note: --before failed: $BEFORE"
	xl "sched-$SCHED" >"$out/scheduler" 2>&1
	xl info >"$out/xl-info" 2>&1
}

# counters WHEN: what Xen itself counted.
counters() {
	{ cat /proc/uptime; xl list; xl vcpu-list; } >"$out/xl-list-$1"
	xentop -b -f -i 1 >"$out/xentop-$1" 2>&1
	tracefs >"$out/tracefs-$1" 2>&1
}

# watch SECONDS: what a person would have looked at meanwhile.
watch() { xentop -b -f -d "$1" -i 2 >"$out/xentop.log" 2>&1; }

# last_words: the hypervisor's.
last_words() { xl dmesg >"$out/xl-dmesg" 2>&1; }
