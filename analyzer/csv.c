/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/csv.h"

#include <math.h>

void csv_number(FILE *out, double value)
{
	if (isfinite(value))
		fprintf(out, "%.9g", value);
}

void csv_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}
