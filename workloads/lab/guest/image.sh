# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# image.sh: the packages that all guests share, if this run has them, as a root of their own in /image.
for device in /dev/xvda /dev/vda; do
	[ -b $device ] || continue
	modprobe squashfs
	mkdir -p /image
	mount -t squashfs -o ro $device /image || continue
	for dir in proc dev sys lab; do mount --bind /$dir /image/$dir; done
	mount -t tmpfs -o mode=1777 tmp /image/tmp
done
