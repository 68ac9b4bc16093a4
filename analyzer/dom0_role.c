/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/dom0_role.h"

#include "analyzer/vcpu.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

const char *const dom0_row_name[DOM0_ROWS] = {
	[DOM0_GUEST] = "guest", [DOM0_SHARED_IO] = "shared I/O", [DOM0_TOOLSTACK] = "toolstack",
	[DOM0_TRACER] = "tracer", [DOM0_OTHER] = "other", [DOM0_UNATTRIBUTED] = "unattributed",
};

enum { THREAD = 1, INTERRUPT = 2, DEVICE = 4 };

/* The first row whose pattern a name begins with.  A # stands for a domain's id in decimals, a final $ for the end of
 * the name. */
static const struct {
	unsigned kinds;
	const char *pattern;
	enum dom0_row row;
} rows[] = {
	{ THREAD | INTERRUPT | DEVICE, "vif#.", DOM0_GUEST },
	{ THREAD, "blkback.#.", DOM0_GUEST },
	{ THREAD, "#.xvd", DOM0_GUEST },
	{ THREAD, "#.hd", DOM0_GUEST },
	{ THREAD, "#.sd", DOM0_GUEST },
	{ THREAD, "xtrace-cap", DOM0_TRACER },
	{ THREAD, "xenstored", DOM0_TOOLSTACK },
	{ THREAD, "oxenstored", DOM0_TOOLSTACK },
	{ THREAD, "xenconsoled", DOM0_TOOLSTACK },
	{ THREAD, "xenwatch", DOM0_TOOLSTACK },
	{ THREAD, "xenbus", DOM0_TOOLSTACK },
	{ THREAD, "xl$", DOM0_TOOLSTACK },
	{ THREAD, "xentop", DOM0_TOOLSTACK },
	{ THREAD, "xenstore-", DOM0_TOOLSTACK },
	{ THREAD, "libxl-", DOM0_TOOLSTACK },
	{ THREAD, "libvirtd", DOM0_TOOLSTACK },
	{ THREAD, "xapi", DOM0_TOOLSTACK },
	{ THREAD, "xenopsd", DOM0_TOOLSTACK },
	{ THREAD, "qemu-system-", DOM0_TOOLSTACK },
	{ INTERRUPT, "xenbus", DOM0_TOOLSTACK },
	{ INTERRUPT, "virtio", DOM0_SHARED_IO },
	{ INTERRUPT, "eth", DOM0_SHARED_IO },
	{ INTERRUPT, "en", DOM0_SHARED_IO },
	{ INTERRUPT, "ixgbe", DOM0_SHARED_IO },
	{ INTERRUPT, "i40e", DOM0_SHARED_IO },
	{ INTERRUPT, "ice-", DOM0_SHARED_IO },
	{ INTERRUPT, "igb", DOM0_SHARED_IO },
	{ INTERRUPT, "mlx", DOM0_SHARED_IO },
	{ INTERRUPT, "bnx", DOM0_SHARED_IO },
	{ INTERRUPT, "tg3", DOM0_SHARED_IO },
	{ DEVICE, "lo$", DOM0_OTHER },
	{ DEVICE, "", DOM0_SHARED_IO },
};

static bool matches(const char *pattern, const char *name, uint32_t *domain_id)
{
	for (; *pattern; pattern++) {
		if (*pattern == '$')
			return *name == '\0';
		if (*pattern != '#') {
			if (*name++ != *pattern)
				return false;
			continue;
		}
		if (!isdigit((unsigned char)*name))
			return false;
		for (*domain_id = 0; isdigit((unsigned char)*name); name++)
			if ((*domain_id = *domain_id * 10 + (uint32_t)(*name - '0')) >= DOMID_IDLE)
				return false;
	}
	return true;
}

static struct dom0_role role_of(unsigned kind, const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t domain_id = 0;
		if ((rows[i].kinds & kind) && matches(rows[i].pattern, name, &domain_id))
			return (struct dom0_role){ rows[i].row, domain_id };
	}
	return (struct dom0_role){ DOM0_OTHER, 0 };
}

struct dom0_role dom0_role_of_thread(const char *name)
{
	return role_of(THREAD, name);
}

/* The event-channel driver's interrupt is for the program that opened it. */
struct dom0_role dom0_role_of_interrupt(const char *name)
{
	static const char driver[] = "evtchn:";

	if (strncmp(name, driver, sizeof(driver) - 1) == 0)
		return role_of(THREAD, name + sizeof(driver) - 1);
	return role_of(INTERRUPT, name);
}

struct dom0_role dom0_role_of_device(const char *name)
{
	return role_of(DEVICE, name);
}
