# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# image.sh: a disk with what is too large for a guest's memory, from Debian packages: one file system, only read, that all
# guests share through Dom0's blkback.  Made once, when an experiment first needs it:
#
#   image.squashfs  the disk, not compressed: guests are not to pay for that; image.stamp says which list it was made from
#
# Guests have it as a root of its own, /image, with the lab's files and a busybox in it (guest/image.sh).

IMAGE_PACKAGES=(povray povray-includes iperf lam-runtime util-linux)

image_recipe() { cat "$LAB/lib/image.sh" "$LAB/../vase.pov" | sha256sum; }

image_build() {
	local tree=$CACHE/image.tree deb applet
	[ "$(cat "$CACHE/image.stamp" 2>/dev/null)" != "$(image_recipe)" ] || return 0
	say "building the guests' disk"
	rm -rf "$tree"
	mkdir -p "$tree"/{dev,proc,sys,tmp,lab,etc,xtrace,usr/{bin,sbin,lib,lib64}}
	for deb in bin sbin lib lib64; do ln -s "usr/$deb" "$tree/$deb"; done
	packages_fetch "$CACHE/image-debs" "${IMAGE_PACKAGES[@]}"
	for deb in "$CACHE"/image-debs/*.deb; do package_unpack "$deb" "$tree"; done
	rm -rf "$tree"/usr/share/{locale,lintian,bug,zoneinfo,perl,i18n} "$tree"/{var/lib/dpkg,etc/init.d}
	cp "$CACHE/root/bin/busybox" "$tree/bin/"
	for applet in sh env timeout nc; do ln -sf busybox "$tree/bin/$applet"; done
	echo 127.0.0.1 localhost >"$tree/etc/hosts"
	echo lam:x:1000:1000::/tmp:/bin/sh >"$tree/etc/passwd" # LAM starts nothing on other hosts for who has no name
	cp "$LAB/../vase.pov" "$tree/xtrace/"
	rm -f "$CACHE/image.squashfs.new"
	mksquashfs "$tree" "$CACHE/image.squashfs.new" -noI -noId -noD -noF -noX -all-root -no-progress >/dev/null || die "mksquashfs failed"
	rm -rf "$tree"
	mv "$CACHE/image.squashfs.new" "$CACHE/image.squashfs"
	image_recipe >"$CACHE/image.stamp"
}
