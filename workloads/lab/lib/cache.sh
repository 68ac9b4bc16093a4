# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# cache.sh: from Debian packages to the files that a boot needs.  Everything lands in
# $CACHE and is made only once:
#
#   debs/                 the packages, as downloaded
#   root/                 all of them unpacked into one tree (nothing of it is run here
#                         but sshd, as the remote end, and the dynamic linker)
#   xen, vmlinux          the hypervisor and the kernel, unpacked
#   dom0.img, guest.img   initrds with programs, libraries and modules; the lab's own
#                         scripts come in a second initrd, made for each run
#   bin/                  workloads/*.c, static
#   stamp                 says which list of packages and files the above was made from

# What the emulated host is made of.  Dependencies follow from apt.
DOM0_PACKAGES=(xen-utils-4.17 xenstore-utils iproute2 nftables bash busybox-static kmod)
GUEST_PACKAGES=(openssh-client openssh-server openssh-sftp-server iperf)   # the servers are the remote end's
# These two are taken alone: what they depend on is for machines that boot from disk.
XEN_PACKAGE=xen-hypervisor-4.17-amd64
KERNEL_METAPACKAGE=linux-image-amd64

# What goes into the initrds: programs by their path in root/ …
DOM0_PROGRAMS=(/bin/bash /bin/busybox /bin/ip /sbin/bridge /usr/sbin/nft
	/usr/bin/xenstore-{ls,read,write,watch,exists,rm,list}
	/usr/lib/xen-4.17/bin/{xl,xentop,xentrace,xenstored,xenconsoled,xen-init-dom0}
	/usr/lib/xen-4.17/lib/xen/bin/xenconsole /usr/lib/xen-4.17/bin/xenconsole
	/lib/x86_64-linux-gnu/libgcc_s.so.1)   # looked for only when a thread is cancelled
GUEST_PROGRAMS=(/bin/busybox /usr/bin/ssh /usr/bin/scp)
# … and kernel modules by name (those built into the kernel are fine too).
DOM0_MODULES=(xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs xen-netback xen-blkback bridge
	squashfs virtio_pci virtio_net virtio_blk 9pnet_virtio 9p nf_tables nft_chain_nat nft_masq nf_nat crc32c_generic)
GUEST_MODULES=(xen-netfront xen-blkfront squashfs)

# cache_build: make what is missing; quick when there is nothing to do.
cache_build() {
	mkdir -p "$CACHE"
	exec {CACHE_LOCK}>"$CACHE/lock"
	flock "$CACHE_LOCK"
	if [ "$(cat "$CACHE/stamp" 2>/dev/null)" != "$(cache_recipe)" ]; then
		say "building the cache in $CACHE"
		cache_fetch
		cache_unpack
		cache_kernel
		cache_image dom0 DOM0_PROGRAMS DOM0_MODULES
		cache_image guest GUEST_PROGRAMS GUEST_MODULES
		cache_recipe >"$CACHE/stamp"
	fi
	cache_programs
	exec {CACHE_LOCK}>&-
}

# The recipe's checksum: another list of packages or files means another cache.
cache_recipe() { sha256sum <"$LAB/lib/cache.sh"; }

# packages_fetch FOLDER PACKAGE…: with all they depend on, whatever is installed on this machine
# (apt is shown an empty list of installed packages).
packages_fetch() {
	local folder=$1 state=$CACHE/apt
	shift
	mkdir -p "$state" "$folder/partial"
	: >"$state/status"
	say "fetching packages"
	apt-get -qq -o Dir::State::status="$state/status" -o Dir::Cache::archives="$folder" \
		-o Debug::NoLocking=1 -o APT::Install-Recommends=false -o APT::Keep-Downloaded-Packages=true \
		--download-only -y install "$@" || die "packages did not download (does apt-get update help?)"
}

cache_fetch() {
	local kernel
	kernel=$(apt-cache depends "$KERNEL_METAPACKAGE" 2>/dev/null | sed -n 's/^ *Depends: //p' | head -n 1)
	[ -n "$kernel" ] || die "apt knows no $KERNEL_METAPACKAGE: run apt-get update first"
	packages_fetch "$CACHE/debs" "${DOM0_PACKAGES[@]}" "${GUEST_PACKAGES[@]}"
	# _apt, apt's unprivileged user, may not write here; the notice about it means nothing.
	(cd "$CACHE/debs" && apt-get -qq -o APT::Sandbox::User=root download "$kernel" "$XEN_PACKAGE") ||
		die "$kernel and $XEN_PACKAGE did not download (does apt-get update help?)"
}

# package_unpack DEB TREE: all but what is there to be read.
package_unpack() {
	dpkg-deb --fsys-tarfile "$1" |
		tar -x -C "$2" --keep-directory-symlink --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' ||
		die "cannot unpack $1"
}

cache_unpack() {
	local deb
	say "unpacking $(ls "$CACHE"/debs/*.deb | wc -l) packages"
	rm -rf "$CACHE/root"
	# The tree is a merged-/usr one: packages that still ship /bin must land in /usr/bin.
	mkdir -p "$CACHE"/root/usr/{bin,sbin,lib,lib64}
	for deb in bin sbin lib lib64; do ln -s "usr/$deb" "$CACHE/root/$deb"; done
	for deb in "$CACHE"/debs/*.deb; do package_unpack "$deb" "$CACHE/root"; done
	ln -sf bash "$CACHE/root/bin/sh"
}

# cache_kernel: Xen for QEMU's multiboot loader, which takes no gzip, and the kernel as an
# ELF file: xz inside an emulated machine would cost each guest seconds.
cache_kernel() {
	local root=$CACHE/root vmlinuz offset
	gunzip -c "$root"/boot/xen-4.17-amd64.gz >"$CACHE/xen" || die "no hypervisor in $XEN_PACKAGE"
	vmlinuz=$(ls "$root"/boot/vmlinuz-* | tail -n 1)
	# xz complains about what follows its stream in vmlinuz; the ELF header tells.
	for offset in $(LC_ALL=C grep -abo $'\xFD7zXZ' "$vmlinuz" | cut -d: -f1); do
		tail -c "+$((offset + 1))" "$vmlinuz" | xz -dc 2>/dev/null >"$CACHE/vmlinux"
		[ "$(head -c 4 "$CACHE/vmlinux" | tail -c 3)" = ELF ] && break
	done
	[ "$(head -c 4 "$CACHE/vmlinux" | tail -c 3)" = ELF ] || die "no xz-compressed kernel in $vmlinuz"
	KERNEL_RELEASE=${vmlinuz##*/vmlinuz-}
	echo "$KERNEL_RELEASE" >"$CACHE/kernel-release"
	depmod -b "$root" "$KERNEL_RELEASE" || die "depmod failed"
}

# cache_image NAME PROGRAMS MODULES: an initrd with the named programs, the libraries
# that they need, the modules and a link for each of busybox's applets.
cache_image() {
	local name=$1 tree=$CACHE/$1.tree file applet
	local -n programs=$2 modules=$3
	say "packing $name.img"
	rm -rf "$tree"
	mkdir -p "$tree"/{dev,etc,proc,sys,run,tmp,root,lab,usr/{bin,sbin,lib,lib64}} "$tree"/var/{log/xen/console,lib/xen,lib/xenstored}
	for file in bin sbin lib lib64; do ln -s "usr/$file" "$tree/$file"; done
	ln -s ../run "$tree/var/run"
	{
		for file in "${programs[@]}"; do
			[ -e "$CACHE/root$file" ] || continue
			echo "$file"
			libraries_of "$file"
		done
		echo /lib64/ld-linux-x86-64.so.2
		modules_of "${modules[@]}"
	} | sort -u | while read -r file; do copy_into "$tree" "$file"; done
	for applet in $("$CACHE/root/bin/busybox" --list); do
		[ -e "$tree/bin/$applet" ] || [ -e "$tree/sbin/$applet" ] || ln -s busybox "$tree/bin/$applet"
	done
	cp "$CACHE"/root/lib/modules/"$KERNEL_RELEASE"/modules.{dep,alias,softdep,builtin} \
		"$tree/lib/modules/$KERNEL_RELEASE/"
	pack_initrd "$tree" >"$CACHE/$name.img.new"
	mv "$CACHE/$name.img.new" "$CACHE/$name.img"
	rm -rf "$tree"
}

# libraries_of PROGRAM: its shared libraries, as paths in root/.
libraries_of() {
	local root=$CACHE/root lib=$CACHE/root/usr/lib
	ldd "$root$1" >/dev/null 2>&1 || return 0       # static
	"$root/lib64/ld-linux-x86-64.so.2" --inhibit-cache \
		--library-path "$lib/x86_64-linux-gnu:$lib/xen-4.17/lib:$lib/xen-4.17/lib/x86_64-linux-gnu" \
		--list "$root$1" 2>/dev/null |
		sed -n "s|.* => $root\(/[^ ]*\) .*|\1|p"
}

# modules_of NAME…: module files with those that they need.
modules_of() {
	local module
	for module; do
		modprobe -d "$CACHE/root" -S "$KERNEL_RELEASE" --show-depends "$module" ||
			die "the kernel has no module $module"
	done | sed -n "s|^insmod $CACHE/root\([^ ]*\).*|\1|p"
}

# copy_into TREE FILE: FILE of root/, and what it points to if it is a link.
copy_into() {
	local target
	mkdir -p "$1${2%/*}"
	cp -a "$CACHE/root$2" "$1${2%/*}/"
	if [ -L "$CACHE/root$2" ]; then
		target=$(readlink "$CACHE/root$2")
		[[ $target = /* ]] || target=${2%/*}/$target
		copy_into "$1" "$target"
	fi
}

# pack_initrd TREE: as the kernel wants it, on standard output.
pack_initrd() { (cd "$1" && find . | cpio --quiet -o -H newc -R 0:0); }

# cache_programs: the guests' programs, made again whenever their source is newer.
cache_programs() {
	local name
	mkdir -p "$CACHE/bin"
	for name in blast cpu timed vectors; do
		[ "$CACHE/bin/$name" -nt "$LAB/../$name.c" ] && continue
		gcc -static -O2 -std=gnu17 -Wall -o "$CACHE/bin/$name.new" "$LAB/../$name.c" || die "cannot build $name.c"
		mv "$CACHE/bin/$name.new" "$CACHE/bin/$name"
	done
}
