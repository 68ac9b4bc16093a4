# SPDX-License-Identifier: GPL-2.0-or-later
# The command line of xtrace-cap, on a machine without Xen.

setup() {
	cap=$BATS_TEST_DIRNAME/../${O:-build}/xtrace-cap
	[ ! -e /proc/xen/privcmd ] || skip "this is a Xen host"
}

@test "not on Xen: says so and exits with 1" {
	run "$cap" -o "$BATS_TEST_TMPDIR/x.trc"
	[ "$status" -eq 1 ]
	[[ $output = *"not on a Xen host"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/x.trc" ]
}

@test "wrong usage exits with 2" {
	run "$cap"; [ "$status" -eq 2 ]
	run "$cap" -o x -e nonsense; [ "$status" -eq 2 ]; [[ $output = *"nonsense"* ]]
	run "$cap" -o x -e 0x1000; [ "$status" -eq 2 ]; [[ $output = *"lets records through"* ]]
	run "$cap" -o x -d -1; [ "$status" -eq 2 ]
	run "$cap" -o x -c 3-1; [ "$status" -eq 2 ]
	run "$cap" -o x -b 0; [ "$status" -eq 2 ]
	run "$cap" -o x --format xml; [ "$status" -eq 2 ]
	run "$cap" -o x --format xentrace -z; [ "$status" -eq 2 ]
	run "$cap" -o x --size-limit 5x; [ "$status" -eq 2 ]
}

@test "every option is in the man page" {
	for option in $("$cap" --help | grep -oE -- '--[a-z-]+' | sort -u); do
		grep -q -- "$option" "$BATS_TEST_DIRNAME/../man/xtrace-cap.8.scd"
	done
}
