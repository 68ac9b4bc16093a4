# SPDX-License-Identifier: GPL-2.0-or-later
# xtrace: explains how a Xen host really shares its CPUs.  `make help` lists the targets.

VERSION  := 0.1.0
O        ?= build
PREFIX   ?= /usr/local
MANDIR   ?= $(PREFIX)/share/man
DATADIR  ?= $(PREFIX)/share/xtrace

CC       ?= cc
# A brief report takes a tenth less time than by -O2, and a whole one a twenty-fifth less without vectors, which wait for what was just written number
# by number.
CFLAGS   ?= -O3 -fno-tree-vectorize -g
WARN     := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wpedantic -Wstrict-prototypes \
            -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wformat=2 -Wundef -Wvla
CPPFLAGS += -D_GNU_SOURCE -DXTRACE_VERSION='"$(VERSION)"' -DXTRACE_DATADIR='"$(DATADIR)"' -I.
STD      := c17
# xtrace-fair is optimised as a whole, which makes it a fifth faster; its objects serve the tests too, as they are.
LTO      := $(if $(or $(SAN),$(COV),$(findstring clang,$(CC))),,-flto=auto -ffat-lto-objects)
# gcc 12.2 converts some ifs into wrong code: of `x = (c ? p->v : w) & mask; return x ? x : mask;' (allowed_of() of whatif_plan.c, inlined into
# a loop) it made `x &= p'.
SAFE     := $(if $(findstring clang,$(CC)),,-fno-if-conversion)
ALL_CFLAGS = -std=$(STD) $(WARN) $(CFLAGS) $(SAFE) $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer) $(if $(COV),--coverage)
comma    := ,
Q        := $(if $(V),,@)

# What each program is made of.  A file is listed once, under the room that owns it.
TRACER_SRC   := $(addprefix tracer/, main.c options.c events.c capture.c buffers.c lane.c lanes.c loss.c ring.c queue.c writer.c output.c \
    compress.c command.c snapshot.c ending.c patience.c progress.c restore.c clock.c say.c xen_host_libxc.c xen_batch.c dom0_kernel.c \
    kernel_trace_tracefs.c dom0_symbols.c symbols_cache.c)
ANALYZER_SRC := $(addprefix analyzer/, main.c options.c option_values.c analysis.c input.c tracefile.c deal.c event.c stream.c merge.c vcpu.c runners.c \
    account.c latency.c timeline.c histogram.c share.c fluid.c clock.c json_block.c hostinfo.c summary.c report.c report_text.c \
    report_text_why.c verdict.c report_json.c report_json_why.c report_csv.c csv.c figures.c figures_dom0.c convert.c progress.c trust.c diag.c room.c dom0_kernel.c \
    kernel_format.c kernel_page.c dom0_role.c dom0_ledger.c series.c charge.c dom0_evidence.c xen_time.c top.c symbols.c naming.c pv.c pv_result.c report_text_pv.c report_json_pv.c dom0.c dom0_words.c report_text_dom0.c report_json_dom0.c \
    credit_rules.c credit_told.c credit_trail.c lottery.c credit.c result_credit.c report_text_credit.c report_json_credit.c figures_credit.c \
    scene.c stretches.c notes.c windows.c fairness.c fairness_result.c waits.c lag.c boost.c causes.c why.c relay.c moments.c blocks.c measures.c statistics.c bootstrap.c wake_table.c spread.c bounds.c \
    report_text_spread.c report_json_spread.c plot.c diff.c diff_main.c diff_options.c report_diff.c report_diff_data.c figures_diff.c \
    demand.c agenda.c replay.c replay_credit.c replay_credit2.c replay_trace.c whatif.c whatif_options.c whatif_plan.c whatif_rows.c \
    whatif_report.c whatif_json.c)
# Sources of the two programs that tests link: everything but main.
# From archives where there are some, and then all of it: to find and to bind fifteen shared libraries took 80 of the 245 ms of CPU
# time that begin and end of a capture took in the lab.  (libtraceevent could load plug-ins, which ld warns of; they are not used.)
TRACER_LIB_NAMES := tracefs traceevent xenctrl xendevicemodel xenforeignmemory xengnttab xenevtchn xencall xenstore xentoollog xentoolcore jansson z
archive        = $(if $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a)),-l:lib$(1).a,-l$(1))
TRACER_LIBS    = $(foreach name,$(TRACER_LIB_NAMES),$(call archive,$(name)))
TRACER_STATIC  = $(if $(or $(SAN),$(COV),$(filter-out -l:%,$(TRACER_LIBS) $(call archive,c))),,-static -Wl,--no-warnings)
ANALYZER_LIBS := -ljansson -ltraceevent -lelf -lz -lpthread -lm

TRACER_OBJ   := $(TRACER_SRC:%.c=$(O)/%.o)
ANALYZER_OBJ := $(ANALYZER_SRC:%.c=$(O)/%.o)
MANPAGES     := $(addprefix man/, xtrace-cap.8 xtrace-fair.1 xtrace-fair-diff.1 xtrace-fair-whatif.1 xtrace.trc.5)
DEMO_TRACE   := tests/data/scp3.trc

all: $(O)/xtrace-cap $(O)/xtrace-fair man ## build both programs and the man pages

$(O)/xtrace-cap: $(TRACER_OBJ)
	@echo "  LINK $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(TRACER_STATIC) -o $@ $^ $(TRACER_LIBS)

$(O)/xtrace-fair: $(ANALYZER_OBJ)
	@echo "  LINK $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LTO) $(LDFLAGS) -o $@ $^ $(ANALYZER_LIBS)

# Xen's own headers are GNU C.
$(O)/tracer/xen_host_libxc.o $(O)/tracer/xen_batch.o $(O)/tests/unit/xen_batch.o $(O)/workloads/xencost: private STD := gnu17

# libtracefs includes libtraceevent's header by its bare name.
$(O)/tracer/kernel_trace_tracefs.o: CPPFLAGS += -isystem /usr/include/traceevent

$(O)/analyzer/%.o: OBJECT_LTO := $(LTO)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(OBJECT_LTO) -MMD -MP -c -o $@ $<

man: $(MANPAGES:%=$(O)/%) ## the man pages, from scdoc

$(O)/man/%: man/%.scd
	@mkdir -p $(@D)
	$(Q)scdoc < $< > $@

include workloads/mpi/mpi.mk
include tests/tests.mk

demo: $(O)/xtrace-fair ## report and figures of a real trace of this repository
	$(O)/xtrace-fair --figures $(O)/demo $(DEMO_TRACE)
	@echo "figures: $(O)/demo/*.pdf"

check-lab: all $(O)/tests/flat ## end to end on a real Xen, emulated: boots the lab once
	O=$(O) tests/lab/e2e

check-trials: all $(O)/tests/flat ## xtrace-cap's errors and ways out, tried in a Dom0: boots the lab once
	O=$(O) tests/lab/e2e --trials $(O)/lab-trials

bench-cap: all $(O)/tests/flat ## what a capture costs, beside xentrace: boots the lab once
	O=$(O) tests/lab/bench-cap

# The hypervisor: Debian's source with the patches, and without.
xen: ## the patched hypervisor, from Debian's source package (some minutes)
	patches/build-xen -o $(O)/xen-patched.gz

xen-stock: ## the same without the patches
	patches/build-xen --stock -o $(O)/xen-stock.gz

check-patched: xen all $(O)/tests/flat $(O)/tests/records ## boots the patched hypervisor in the lab once and checks its records
	O=$(O) tests/lab/patched

check-debits: xen all $(O)/tests/flat $(O)/tests/records ## the same for the accounting by tick: one more boot
	O=$(O) tests/lab/patched --debits

check-ledger: xen all $(O)/tests/flat ## for whom Dom0 worked, where that is known: boots the patched hypervisor once
	O=$(O) tests/lab/ledger

accounting: xen all $(O)/tests/flat ## does the accounting from before 2009 explain the paper? (six boots of the lab)
	O=$(O) tests/lab/accounting

senders: all $(O)/tests/flat ## why one of nine senders sends several times what the others send (one boot of the lab)
	O=$(O) tests/lab/senders

# The paper's experiments.  Tables, figures and report are made anew each time, runs only where they are missing.
PAPER ?= paper

paper: PAPER_SET := full
paper: paper-set ## the paper's experiments, all repetitions, and a report in paper/ (two hours: see workloads/paper/plan)

paper-quick: PAPER_SET := quick
paper-quick: paper-set ## a reduced set, one repetition of most (about 27 minutes)

paper-set: xen all $(O)/tests/flat
	$(Q)$(MAKE) MPICC=mpicc.lam mpi hpcc
	O=$(O) workloads/paper/run $(PAPER_SET) $(PAPER); status=$$?; \
		O=$(O) workloads/paper/data $(PAPER) || status=1; workloads/paper/tables $(PAPER) && O=$(O) workloads/paper/report $(PAPER) && exit $$status

check-paper: all $(O)/tests/flat ## one of them with its baseline, end to end, and two hosts with MPI: three boots of the lab
	$(Q)$(MAKE) MPICC=mpicc.lam mpi
	O=$(O) tests/lab/paper

$(O)/workloads/xencost: workloads/xencost.c $(addprefix $(O)/tracer/, xen_host_libxc.o xen_batch.o ring.o say.o clock.o)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -o $@ $< $(filter %.o,$^) $(TRACER_LIBS)

bench-xen: xen xen-stock $(O)/workloads/xencost ## what a trace record costs the hypervisor (four boots of the lab)
	O=$(O) patches/cost

install: all ## DESTDIR= PREFIX=
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(MANDIR)/man1 \
		$(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8 $(DESTDIR)$(DATADIR)/plots
	install -m 755 $(O)/xtrace-cap $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(O)/xtrace-fair $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(O)/man/xtrace-fair*.1 $(DESTDIR)$(MANDIR)/man1/
	install -m 644 $(O)/man/xtrace.trc.5 $(DESTDIR)$(MANDIR)/man5/
	install -m 644 $(O)/man/xtrace-cap.8 $(DESTDIR)$(MANDIR)/man8/
	install -m 644 plots/*.gp $(DESTDIR)$(DATADIR)/plots/

clean: ## remove what was built (the lab's cache stays)
	rm -rf $(O)

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  \1\t/' | expand -t 16

-include $(TRACER_OBJ:.o=.d) $(ANALYZER_OBJ:.o=.d)

.PHONY: all paper paper-quick paper-set check-paper check-trials xen xen-stock check-patched check-debits check-ledger accounting senders bench-xen bench-cap man demo check-lab install clean help
