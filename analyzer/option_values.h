/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What options say that several command lines have.  All exit with argp_err_exit_status, as argp does, if it cannot be. */
#ifndef XTRACE_OPTION_VALUES_H
#define XTRACE_OPTION_VALUES_H

#include <stdint.h>

struct argp_state;

/* What --what says: a number not below least. */
double option_number(const char *arg, double least, struct argp_state *state, const char *what);

/* What --tsc-hz says. */
uint64_t option_hz(const char *arg, struct argp_state *state);

#endif
