# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# common.sh: what the paper's tables and its report share.

# published EXPERIMENT GUESTS vm|native: the paper's numbers, least first.
published() { awk -F'\t' -v e="$1" -v g="$2" -v h="$3" '$2 == e && $3 == g && $4 == h { print $6 }' workloads/paper/published.tsv | tr ' ' '\n' | sort -g; }

host_label() {
	case $1 in native) echo "Linux alone" ;; xen) echo "Xen" ;; tick) echo "Xen, debits by tick" ;; timed) echo "Xen, patched" ;; hosts) echo "Four hosts" ;; esac
}
