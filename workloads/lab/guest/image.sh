# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# image.sh: the packages that all guests share, if this run has them, as a root of their own in /image.
for device in /dev/xvda /dev/vda; do
	[ -b $device ] || continue
	modprobe ext4
	mkdir -p /image
	mount -t ext4 -o ro,noload $device /image || continue
	for dir in proc dev sys; do mount --bind /$dir /image/$dir; done
	mount -t tmpfs tmp /image/tmp
done
