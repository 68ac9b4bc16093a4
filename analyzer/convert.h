/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container's windows as a xentrace file, which xenalyze reads. */
#ifndef XTRACE_CONVERT_H
#define XTRACE_CONVERT_H

/* Writes to a new file beside the target and renames it; "-" is standard output.  Returns an exit
 * code of diag.h; EXIT_UNTRUSTED if something of the input could not be taken over. */
int convert_to_xentrace(const char *input_path, const char *output_path);

#endif
