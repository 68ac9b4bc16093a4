# SPDX-License-Identifier: GPL-2.0-or-later
# Names for addresses, from files.

setup() {
	build=$BATS_TEST_DIRNAME/../${O:-build}
	fair=$build/xtrace-fair
	work=$BATS_TEST_TMPDIR
	# tests/text/pv.txt without the names that it brings along; Dom0's kernel has a build id.
	sed 's/"pcpus": 1/"pcpus": 1, "dom0_build_id": "12345678", "xen_build_id": "abcd"/; /^symbols/d' "$BATS_TEST_DIRNAME/text/pv.txt" >"$work/pv.txt"
	"$build/tests/mktrace" "$work/pv.txt" "$work/pv.trc"
}

# elf FILE BUILD-ID NAME ADDRESS: code of this name there, 256 bytes of it.
elf() {
	printf '.text\n.globl %s\n.type %s, @function\n%s: .skip 256, 0x90\n.size %s, . - %s\n' "$3" "$3" "$3" "$3" "$3" | as -o "$work/o" -
	ld -e "$3" -Ttext "$4" --build-id="$2" -o "$1" "$work/o"
}

# symbol_at N [OPTION...]: what Dom0's N-th place is called.
symbol_at() {
	local n=$1
	shift
	"$fair" --format json "$@" "$work/pv.trc" | "$build/tests/flat" | awk -F'\t' -v p="pv[0].places[$n].symbol" '$1 == p { print $2 }'
}

@test "without symbols addresses stay addresses" {
	[ "$(symbol_at 0)" = null ]
	"$fair" "$work/pv.trc" | grep -q 'trap 13 general protection .* 0xffffffff81001234$'
	"$fair" "$work/pv.trc" | grep -q '^Names of code: none; --dom0-syms and --xen-syms take files'
}

@test "an ELF file of the kernel that ran names its addresses" {
	elf "$work/vmlinux" 0x12345678 native_x 0xffffffff81001200
	[ "$(symbol_at 0 --dom0-syms "$work/vmlinux")" = '"native_x"' ]
	"$fair" --dom0-syms "$work/vmlinux" "$work/pv.trc" | grep -q 'native_x, most at +0x34 of 2 addresses$'
	"$fair" --dom0-syms "$work/vmlinux" "$work/pv.trc" | grep -q "1 of Dom0's kernel from .*vmlinux (same build)"
	# It names nothing of Xen's, and of no guest's.
	[ "$("$fair" --dom0-syms "$work/vmlinux" "$work/pv.trc" | grep -c native_x)" -eq 2 ]
}

@test "an ELF file of another build is told and not used" {
	elf "$work/vmlinux" 0x87654321 native_x 0xffffffff81001200
	run "$fair" --dom0-syms "$work/vmlinux" "$work/pv.trc"
	[ "$status" -eq 0 ]
	[[ $output = *"not used: they have the build id 87654321, but Dom0's kernel that was traced has 12345678"* ]]
	[[ $output != *native_x* ]]
	[[ $output = *"(another build: not used)"* ]]
}

@test "the hypervisor's symbols name addresses in its own range, and no others" {
	elf "$work/xen-syms" 0xabcd copy_to_guest 0xffff82d040200000
	"$fair" --xen-syms "$work/xen-syms" "$work/pv.trc" | grep -q 'shadow page fault .* copy_to_guest+0x10$'
	[ "$(symbol_at 0 --xen-syms "$work/xen-syms")" = null ]
	elf "$work/xen-syms" 0xabcd nonsense 0xffffffff81001200
	[ "$(symbol_at 0 --xen-syms "$work/xen-syms")" = null ]
}

@test "text in the form of System.map names addresses, unchecked" {
	printf 'ffffffff81001200 T from_text\n' >"$work/map"
	[ "$(symbol_at 0 --dom0-syms "$work/map")" = '"from_text"' ]
	"$fair" --dom0-syms "$work/map" "$work/pv.trc" | grep -q "1 of Dom0's kernel from .*map (not checked)"
	[ "$(symbol_at 0 --dom0-syms <(cat "$work/map"))" = '"from_text"' ]
}

@test "names steer no terminal, in no format" {
	printf 'ffffffff81001200 T a\033[2J"b,c\n' >"$work/map"
	"$fair" --dom0-syms "$work/map" "$work/pv.trc" | grep -qF 'a\x1b[2J"b,c'
	for format in text json csv; do
		! "$fair" --format $format --dom0-syms "$work/map" "$work/pv.trc" | grep -q $'\033' || false
	done
	"$fair" --format csv --dom0-syms "$work/map" "$work/pv.trc" | grep -qF 'at a\x1b[2J""b,c+0x34"'
}

@test "a file without symbols exits with 1 and says why" {
	elf "$work/vmlinux" 0x12345678 native_x 0xffffffff81001200
	strip "$work/vmlinux"
	: >"$work/empty"
	head -c 4096 /dev/urandom >"$work/noise"
	for file in vmlinux empty noise; do
		run "$fair" --dom0-syms "$work/$file" "$work/pv.trc"
		[ "$status" -eq 1 ]
		[[ $output = *"$file: no symbols of code in it"* ]]
	done
	run "$fair" --xen-syms "$work/none" "$work/pv.trc"
	[ "$status" -eq 1 ]; [[ $output = *"No such file"* ]]
}

@test "a trace without class pv says how to get it" {
	"$fair" "$BATS_TEST_DIRNAME/data/w124.trc" | grep -q 'xtrace-cap -e sched,dom0op,grant,pv records them'
	[ "$("$fair" "$work/pv.trc" | grep -c 'xtrace-cap -e')" -eq 0 ]
}
