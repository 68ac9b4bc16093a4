/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xtrace-cap: records what Xen's scheduler does, in Dom0. */
#include "tracer/capture.h"
#include "tracer/options.h"
#include "tracer/say.h"
#include "tracer/xen_host.h"

int main(int argc, char **argv)
{
	struct options options;
	struct xen_host *host;
	int code;

	options_parse(&options, argc, argv);
	host = xen_host_open();
	if (!host)
		return EXIT_FAILED;
	code = capture_run(host, &options);
	xen_host_close(host);
	return code;
}
