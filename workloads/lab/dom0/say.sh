# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# say.sh: how Dom0 talks to the lab outside, over its console.

# step SECONDS TEXT: what happens now, and after how long without another step the lab
# outside may call it hung.
step() { echo "LAB step $*" >/dev/console; }

# fail TEXT: the boot is of no use any more.
fail() {
	echo "LAB fail $*" >/dev/console
	exit 1
}
