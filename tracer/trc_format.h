/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The byte format of run.trc: the one place that spells its magic numbers and sizes.
 *
 * A file is a sequence of blocks in the manner of pcapng, appended one after the other and
 * never rewritten.  All integers are little-endian.  A block starts at a multiple of 8:
 *
 *      0  u32  magic          TRC_BLOCK_MAGIC; also what a reader looks for after damage
 *      4  u16  type           enum trc_block_type; unknown types are skipped by their length
 *      6  u16  flags          TRC_FLAG_*
 *      8  u32  stored_bytes   payload as stored, without padding
 *     12  u32  raw_bytes      payload after inflating; equals stored_bytes unless TRC_FLAG_ZLIB
 *     16  u32  arg            meaning by type: a pCPU, or a CPU of Dom0's, else 0
 *     20  u32  crc            zlib crc32() over header bytes 0..19, then the stored payload
 *     24  payload, then zero bytes up to the next multiple of 8
 *
 * The first block is TRC_BLOCK_FILE, the second TRC_BLOCK_HOST.  A file cut off anywhere is
 * readable up to its last whole block.  The file is described for readers in xtrace.trc(5).
 */
#ifndef XTRACE_TRC_FORMAT_H
#define XTRACE_TRC_FORMAT_H

#include <stdint.h>

#define TRC_BLOCK_MAGIC      UINT32_C(0x42525458) /* the bytes "XTRB" */
#define TRC_BLOCK_HEADER     24u                  /* bytes before the payload */
#define TRC_BLOCK_CRC_AT     20u                  /* the crc covers the header up to here */
#define TRC_BLOCK_ALIGN      8u
#define TRC_PAYLOAD_MAX      (UINT32_C(1) << 28)  /* a longer block is damage */

#define TRC_FLAG_ZLIB        0x0001u              /* payload is one zlib stream; who does not know a flag cannot read the payload */

#define TRC_VERSION_MAJOR    1u                   /* a reader refuses a greater one */
#define TRC_VERSION_MINOR    2u                   /* a reader accepts any */

enum trc_block_type {
	/*
	 * u32 version_major, u32 version_minor, u64 realtime_ns (when the capture began),
	 * then the writer's name and version, UTF-8, to the end of the payload.
	 */
	TRC_BLOCK_FILE = 1,
	/*
	 * The host at the capture's start: a JSON object.  Keys, all optional to a reader:
	 *   "xen_version" "4.17.7", "xen_command_line", "hostname", "scheduler" ("credit", "credit2", ...),
	 *   "tsc_hz" (integer), "pcpus" (count of pCPUs with a trace buffer), "max_pcpu_id",
	 *   "nr_pcpus", "threads_per_core", "cores_per_socket",
	 *   "pools" [ { "id", "scheduler", "pcpus" [..], "tslice_ms", "ratelimit_us" } ],
	 *   "event_mask" (integer), "pcpu_mask" [..], "buffer_pages", "clock": "tsc",
	 *   "start_tsc" (Dom0's TSC when tracing was switched on), "tracer_domain" (0),
	 *   "xen_build_id", "dom0_build_id" (GNU build ids of the hypervisor and of Dom0's kernel, in hexadecimals)
	 */
	TRC_BLOCK_HOST = 2,
	/*
	 * All domains at one moment: a JSON object.
	 *   "when": "start" | "tick" | "end", "tsc" (integer, Dom0's rdtsc), "realtime_ns",
	 *   "domains" [ { "id", "uuid", "name", "weight", "cap" (percent, 0 = none), "pool",
	 *       "paused" (bool), "dying" (bool), "running_ns" (Xen's CPU-time counter),
	 *       "max_mem_kib", "vcpus" [ { "id", "online", "pcpu", "running_ns", "affinity" [pCPUs] } ],
	 *       "vifs" [ { "name", "rx_bytes", "tx_bytes", "rx_packets", "tx_packets" } ],  from Dom0's view
	 *       "vbds" [ { "name", "read_bytes", "write_bytes", "reads", "writes" } ] } ]
	 * At most 1024 domains, of each the first 128 vCPUs; of pCPUs the first 64 (in pools, too).
	 * "vifs" are Dom0's interfaces vifDOMAIN.NUMBER, "vbds" those of the kernel's block backend.
	 * Of ticks every tenth has "vifs" and "vbds"; the others have not.
	 * A name that was not valid UTF-8 has U+FFFD where it was not.
	 */
	TRC_BLOCK_DOMAINS = 3,
	/* arg = pCPU.  Trace records byte for byte as Xen wrote them: whole records, in order. */
	TRC_BLOCK_WINDOW = 4,
	/*
	 * arg = pCPU.  Records that the tracer had to drop because the disk was too slow or full:
	 *   u64 records, u64 bytes, u64 first_tsc, u64 last_tsc   (0 where no record had a tsc; the first is that of Xen's own
	 *                                                         losses where the records begin with them)
	 * Also a time in which somebody else had set what Xen records; perhaps with 0 records.
	 * (What Xen itself dropped is told by Xen's own LOST_RECORDS records inside the windows.)
	 */
	TRC_BLOCK_DROPPED = 5,
	/* u64 tsc, then UTF-8 text: something worth knowing when reading the trace. */
	TRC_BLOCK_MARKER = 6,
	/*
	 * The capture's end: a JSON object.
	 *   "reason": "duration" | "command" | "signal" | "size" | "nospace" | "error",
	 *   "end_tsc", "realtime_ns", "tracer_cpu_ns" (user and system time of the tracer itself),
	 *   "peak_queue_bytes", "dropped_snapshots" (blocks of type 3 that the tracer had to drop),
	 *   "pcpus" [ { "id", "records", "bytes", "lost_records" (by Xen, as its records say;
	 *               those that were dropped, too), "dropped_records" (by the tracer), "peak_fill_bytes", "buffer_bytes",
	 *               "full_at_end" (bool: losses at the very end would be unreported) } ],
	 *   "dom0_kernel" { "cpus" [ { "id", "pages", "bytes", "events" (read), "missed_events" (that the kernel had no room
	 *               for), "dropped_pages" (by the tracer) } ] }, where it was captured
	 * A file without it was cut off, or its tracer was killed or did not wait for the disk.
	 */
	TRC_BLOCK_END = 7,
	/*
	 * Optional (left out when it would be very long), last: u64 offset, u32 type, u32 arg for each block before it in file order.
	 * A reader may ignore it; it is trusted for nothing that it does not check.
	 */
	TRC_BLOCK_INDEX = 8,
	/*
	 * Dom0's own kernel, by its tracefs: a JSON object, before the first TRC_BLOCK_KERNEL_PAGE.
	 *   "missing": why there are no pages; without it:
	 *   "release" (uname -r), "clock" "x86-tsc" (the clock of Xen's records), "cpus", "buffer_kib" (per CPU),
	 *   "softirqs" [ names by vector ], "tracer_tids" [ the tracer's own threads ],
	 *   "header_page" (the text of tracefs' events/header_page),
	 *   "events" [ { "system", "name", "format" (the text of its format file) } ]
	 */
	TRC_BLOCK_KERNEL = 9,
	/*
	 * arg = Dom0's CPU.  One page of its trace buffer as the kernel wrote it, cut off behind its last event:
	 * u64 tsc of the first event, the commit word (4 or 8 bytes, as "header_page" says), events.
	 */
	TRC_BLOCK_KERNEL_PAGE = 10,
	/*
	 * arg = Dom0's CPU.  Pages that the tracer had to drop, or could not read, between the page before and the page after:
	 *   u64 pages, u64 bytes   (at least so many)
	 * (What the kernel itself dropped is told by its pages' commit words.)
	 */
	TRC_BLOCK_KERNEL_DROPPED = 11,
	/*
	 * Where records of class pv were let through: names for the addresses of Dom0's kernel in them.  Text, the lines
	 * of /proc/kallsyms that are of code (types t, T, w, W), as the kernel wrote them, in no order.
	 */
	TRC_BLOCK_SYMBOLS = 12,
};

#define TRC_FILE_PAYLOAD_MIN     16u
#define TRC_DROPPED_PAYLOAD      32u
#define TRC_MARKER_PAYLOAD_MIN   8u
#define TRC_INDEX_ENTRY          16u
#define TRC_KERNEL_DROPPED_PAYLOAD 16u

#endif
