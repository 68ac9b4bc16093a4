# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# image.sh: a disk with what is too large for a guest's memory, from Debian packages: one file system, only read, that all
# guests share through Dom0's blkback.  Made once, when an experiment first needs it:
#
#   image.ext4      the disk; image.stamp says which list it was made from

IMAGE_PACKAGES=(povray povray-includes)
IMAGE_SPARE_MB=16   # beyond what the files take

image_recipe() { cat "$LAB/lib/image.sh" "$LAB/../vase.pov" | sha256sum; }

image_build() {
	local tree=$CACHE/image.tree deb mb
	[ "$(cat "$CACHE/image.stamp" 2>/dev/null)" != "$(image_recipe)" ] || return 0
	say "building the guests' disk"
	rm -rf "$tree"
	mkdir -p "$tree"/{dev,proc,sys,tmp,xtrace,usr/{bin,sbin,lib,lib64}}
	for deb in bin sbin lib lib64; do ln -s "usr/$deb" "$tree/$deb"; done
	packages_fetch "$CACHE/image-debs" "${IMAGE_PACKAGES[@]}"
	for deb in "$CACHE"/image-debs/*.deb; do package_unpack "$deb" "$tree"; done
	rm -rf "$tree"/usr/share/{locale,lintian,bug,zoneinfo} "$tree"/var/lib/dpkg
	cp "$LAB/../vase.pov" "$tree/xtrace/"
	mb=$(($(du -sm "$tree" | cut -f1) * 11 / 10 + IMAGE_SPARE_MB))
	rm -f "$CACHE/image.ext4.new"
	mke2fs -q -t ext4 -O ^has_journal,^metadata_csum -E root_owner=0:0 -d "$tree" "$CACHE/image.ext4.new" "${mb}M" || die "mke2fs failed"
	rm -rf "$tree"
	mv "$CACHE/image.ext4.new" "$CACHE/image.ext4"
	image_recipe >"$CACHE/image.stamp"
}
