/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xtrace-fair convert: a container's windows as a xentrace file, which xenalyze reads. */
#ifndef XTRACE_CONVERT_H
#define XTRACE_CONVERT_H

/* Returns an exit code of diag.h; EXIT_UNTRUSTED if something of the input could not be taken over. */
int convert_main(int argc, char **argv);

#endif
