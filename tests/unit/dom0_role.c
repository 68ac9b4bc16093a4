/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/dom0_role.h"

static void names_tell_for_whom(void **state)
{
	static const struct {
		struct dom0_role (*role_of)(const char *);
		const char *name;
		struct dom0_role wanted;
	} rows[] = {
		{ dom0_role_of_thread, "vif2.0-q0-guest", { DOM0_GUEST, 2 } },
		{ dom0_role_of_thread, "vif32766.0-q1-d", { DOM0_GUEST, 32766 } },
		{ dom0_role_of_thread, "vif32767.0-q0-g", { DOM0_OTHER, 0 } },
		{ dom0_role_of_thread, "vif99999999999.", { DOM0_OTHER, 0 } },
		{ dom0_role_of_thread, "vif.0-q0-guest", { DOM0_OTHER, 0 } },
		{ dom0_role_of_thread, "vif2", { DOM0_OTHER, 0 } },
		{ dom0_role_of_thread, "3.xvda-0", { DOM0_GUEST, 3 } },
		{ dom0_role_of_thread, "blkback.12.xvda", { DOM0_GUEST, 12 } },
		{ dom0_role_of_thread, "xenstored", { DOM0_TOOLSTACK, 0 } },
		{ dom0_role_of_thread, "xl", { DOM0_TOOLSTACK, 0 } },
		{ dom0_role_of_thread, "xlogd", { DOM0_OTHER, 0 } },
		{ dom0_role_of_thread, "sha256sum", { DOM0_OTHER, 0 } },
		{ dom0_role_of_thread, "", { DOM0_OTHER, 0 } },
		{ dom0_role_of_interrupt, "vif2.0-q0-tx", { DOM0_GUEST, 2 } },
		{ dom0_role_of_interrupt, "evtchn:xenstored", { DOM0_TOOLSTACK, 0 } },
		{ dom0_role_of_interrupt, "evtchn:xtrace-cap", { DOM0_TRACER, 0 } },
		{ dom0_role_of_interrupt, "evtchn:vif2.0-", { DOM0_GUEST, 2 } },
		{ dom0_role_of_interrupt, "virtio0-input.0", { DOM0_SHARED_IO, 0 } },
		{ dom0_role_of_interrupt, "timer0", { DOM0_OTHER, 0 } },
		{ dom0_role_of_interrupt, "xenstored", { DOM0_OTHER, 0 } },
		{ dom0_role_of_device, "vif7.0", { DOM0_GUEST, 7 } },
		{ dom0_role_of_device, "eth0", { DOM0_SHARED_IO, 0 } },
		{ dom0_role_of_device, "lo", { DOM0_OTHER, 0 } },
		{ dom0_role_of_device, "lo1", { DOM0_SHARED_IO, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct dom0_role role = rows[i].role_of(rows[i].name);
		if (role.row != rows[i].wanted.row || role.domain_id != rows[i].wanted.domain_id)
			fail_msg("\"%s\" is %s of %u", rows[i].name, dom0_row_name[role.row], role.domain_id);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(names_tell_for_whom) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
