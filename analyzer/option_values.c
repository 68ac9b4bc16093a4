/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/option_values.h"

#include "analyzer/clock.h"

#include <argp.h>
#include <math.h>
#include <stdlib.h>

double option_number(const char *arg, double least, struct argp_state *state, const char *what)
{
	char *end;
	double number = strtod(arg, &end);

	if (end == arg || *end != '\0' || !(number >= least) || !isfinite(number))
		argp_error(state, "--%s wants a number from %g on, not `%s'", what, least, arg);
	return number;
}

uint64_t option_hz(const char *arg, struct argp_state *state)
{
	double hz = option_number(arg, (double)TSC_HZ_MIN, state, "tsc-hz");

	if (hz > (double)TSC_HZ_MAX)
		argp_error(state, "--tsc-hz wants no more than %g, not `%s'", (double)TSC_HZ_MAX, arg);
	return (uint64_t)hz;
}
