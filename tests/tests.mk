# SPDX-License-Identifier: GPL-2.0-or-later
# Tests: what `make check' runs.  All of it runs twice where that makes sense: as built for use, and under
# ASan and UBSan in a build folder of its own.

# Tools of the tests, each of one file.
$(O)/tests/flat: LDLIBS := -ljansson
$(O)/tests/mktrace: LDLIBS := -lz
$(O)/tests/load: LDLIBS := -lm
$(O)/tests/mktrace $(O)/tests/thin: LDLIBS := -lz
$(O)/tests/faulty.so: tests/faulty.c
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(CPPFLAGS) -std=$(STD) $(filter-out -Wpedantic,$(WARN)) $(CFLAGS) -fno-builtin -MMD -MP -shared -fPIC -o $@ $< -ldl

TEST_TOOLS := $(addprefix $(O)/tests/, flat mktrace thin events records load bench/repeat bench/walk)

$(TEST_TOOLS): $(O)/tests/%: tests/%.c
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -fno-lto -MMD -MP -o $@ $< $(filter %.o,$^) $(LDLIBS)

$(O)/tests/events: $(O)/analyzer/event.o

# Unit tests: unit_NAME says which objects tests/unit/NAME.c is linked with.  A new test is a row here and that file.
unit_agenda      := analyzer/agenda.o
unit_bootstrap   := analyzer/bootstrap.o analyzer/statistics.o
unit_bytes       :=
unit_cap_options := $(addprefix tracer/, options.o events.o output.o say.o)
unit_charge      := analyzer/charge.o analyzer/series.o analyzer/room.o
unit_compress    := $(addprefix tracer/, compress.o output.o say.o) tests/unit/trc.o tests/unit/disk.o
unit_credit_rules := analyzer/credit_rules.o analyzer/room.o
unit_demand      := $(addprefix analyzer/, demand.o notes.o vcpu.o hostinfo.o json_block.o tracefile.o input.o room.o trust.o diag.o)
unit_deal        := $(addprefix analyzer/, deal.o tracefile.o input.o trust.o diag.o)
unit_diag        := analyzer/diag.o
unit_dom0_ledger := analyzer/dom0_ledger.o analyzer/dom0_role.o analyzer/series.o analyzer/room.o
unit_dom0_kernel := $(addprefix analyzer/, dom0_kernel.o json_block.o deal.o kernel_format.o kernel_page.o tracefile.o input.o trust.o diag.o)
unit_dom0_kernel_capture := tests/unit/fake_kernel_trace.o tracer/dom0_kernel.o tracer/queue.o tracer/output.o tracer/say.o
unit_dom0_role   := analyzer/dom0_role.o
unit_event       := analyzer/event.o
unit_events      := tracer/events.o
unit_fairness    := $(addprefix analyzer/, fairness.o windows.o fluid.o share.o hostinfo.o json_block.o tracefile.o input.o room.o trust.o diag.o)
unit_fluid       := $(addprefix analyzer/, fluid.o share.o hostinfo.o json_block.o tracefile.o input.o room.o trust.o diag.o)
unit_histogram   := analyzer/histogram.o
unit_kernel_page := analyzer/kernel_page.o
unit_hostinfo    := $(addprefix analyzer/, hostinfo.o json_block.o tracefile.o input.o room.o trust.o diag.o)
unit_lane        := $(addprefix tracer/, lane.o loss.o ring.o queue.o)
unit_lottery     := analyzer/lottery.o analyzer/share.o analyzer/room.o
unit_merge       := $(addprefix analyzer/, merge.o stream.o deal.o tracefile.o event.o input.o trust.o diag.o)
unit_relay       := analyzer/relay.o
unit_replay      := $(addprefix analyzer/, replay.o replay_credit.o replay_credit2.o credit_rules.o agenda.o room.o)
unit_pv          := $(addprefix analyzer/, pv.o runners.o xen_time.o room.o trust.o diag.o)
unit_ring        := tracer/ring.o
unit_series      := analyzer/series.o analyzer/room.o
unit_share       := analyzer/share.o
unit_statistics  := analyzer/statistics.o
unit_stream      := $(addprefix analyzer/, stream.o deal.o tracefile.o event.o input.o trust.o diag.o)
unit_symbols     := $(addprefix analyzer/, symbols.o input.o room.o diag.o) tests/unit/elf_file.o
unit_top         := analyzer/top.o
unit_dom0_symbols := tracer/dom0_symbols.o
unit_symbols_cache := $(addprefix tracer/, symbols_cache.o dom0_symbols.o compress.o output.o say.o)
unit_tracefile   := $(addprefix analyzer/, tracefile.o input.o trust.o diag.o)
unit_xen_batch   := tracer/xen_batch.o
unit_vcpu        := $(addprefix analyzer/, vcpu.o room.o trust.o diag.o)
unit_capture   := $(patsubst %.c,%.o,$(filter-out tracer/main.c tracer/options.c tracer/clock.c tracer/xen_host_libxc.c tracer/xen_batch.c tracer/kernel_trace_tracefs.c,$(TRACER_SRC))) \
    tests/unit/fake_xen.o tests/unit/fake_kernel_trace.o tests/unit/disk.o tests/unit/trc.o
$(O)/tests/unit/capture: LDFLAGS += -Wl,--wrap=writev,--wrap=mlockall
$(O)/tests/unit/compress: LDFLAGS += -Wl,--wrap=writev

UNIT_LIBS := -lcmocka -ljansson -ltraceevent -lelf -lz -lpthread -lm
UNIT_TESTS := $(sort $(patsubst unit_%,$(O)/tests/unit/%,$(filter unit_%,$(.VARIABLES))))

.SECONDEXPANSION:
$(UNIT_TESTS): $(O)/tests/unit/%: $(O)/tests/unit/%.o $$(addprefix $(O)/,$$(unit_$$*))
	@echo "  LINK $@"
	$(Q)$(CC) $(ALL_CFLAGS) -fno-lto $(LDFLAGS) -o $@ $^ $(UNIT_LIBS)

# The analysis without a command line, and what reads symbols.
ANALYSIS_OBJ := $(filter-out $(addprefix $(O)/analyzer/, main.o options.o figures.o figures_dom0.o figures_credit.o figures_diff.o convert.o \
    diff_main.o diff_options.o), $(ANALYZER_OBJ))
SYMBOLS_OBJ  := $(addprefix $(O)/, $(unit_symbols))
FUZZ_OBJ     := $(addprefix $(O)/tests/fuzz/, analysis.o mutate.o replay.o symbols.o)
FUZZ_SECONDS ?= 60

# The fuzzed functions, without a fuzzer (to replay what was found) and with libFuzzer.
$(O)/tests/fuzz/replay: $(O)/tests/fuzz/replay.o $(O)/tests/fuzz/analysis.o $(ANALYSIS_OBJ)
	@echo "  LINK $@"
	$(Q)$(CC) $(ALL_CFLAGS) -fno-lto $(LDFLAGS) -o $@ $^ $(ANALYZER_LIBS)

$(O)/tests/fuzz/fuzz: $(O)/tests/fuzz/mutate.o $(O)/tests/fuzz/analysis.o $(ANALYSIS_OBJ)
	@echo "  LINK $@"
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(ANALYZER_LIBS)

$(O)/tests/fuzz/replay-symbols: $(O)/tests/fuzz/replay.o $(O)/tests/fuzz/symbols.o $(SYMBOLS_OBJ)
	@echo "  LINK $@"
	$(Q)$(CC) $(ALL_CFLAGS) -fno-lto $(LDFLAGS) -o $@ $^ $(ANALYZER_LIBS)

$(O)/tests/fuzz/fuzz-symbols: $(O)/tests/fuzz/symbols.o $(SYMBOLS_OBJ)
	@echo "  LINK $@"
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(ANALYZER_LIBS)

fuzz: $(TEST_TOOLS) ## FUZZ_SECONDS=60: libFuzzer over the analysis, from the traces of tests/, and over files with symbols; needs clang
	$(Q)$(MAKE) O=$(O)/fuzz SAN=1 CC=clang CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' $(O)/fuzz/tests/fuzz/fuzz $(O)/fuzz/tests/fuzz/fuzz-symbols
	$(Q)O=$(O) tests/fuzz/run $(FUZZ_SECONDS)

check-built: $(O)/xtrace-cap $(O)/xtrace-fair $(TEST_TOOLS) $(O)/tests/faulty.so $(UNIT_TESTS) $(O)/tests/fuzz/replay $(O)/tests/fuzz/replay-symbols

check-built-san:
	$(Q)$(MAKE) O=$(O)/san SAN=1 CFLAGS='-O1 -g' check-built

check: all check-built check-built-san ## unit tests, golden reports, damaged inputs, command lines
	$(Q)O=$(O) tests/check

# Of two threads neither touches what the other has at the time.
check-threads: ## TSan over the analysis of every trace of tests/data
	$(Q)$(MAKE) O=$(O)/tsan CFLAGS='-O1 -g -fsanitize=thread' LTO= $(O)/tsan/xtrace-fair $(O)/tsan/tests/unit/relay
	$(Q)TSAN_OPTIONS=exitcode=66 $(O)/tsan/tests/unit/relay
	$(Q)for trace in tests/data/*.trc; do \
		TSAN_OPTIONS=exitcode=66 $(O)/tsan/xtrace-fair $$trace >/dev/null || [ $$? -eq 3 ] || exit 1; done

lint: ## shellcheck, a build by clang, and who includes what
	$(Q)O=$(O) tests/lint

bench: all $(TEST_TOOLS) ## speed and memory against xenalyze and a bare walk over headers, ratios of one run
	$(Q)O=$(O) tests/bench/run

-include $(UNIT_TESTS:=.d) $(TEST_TOOLS:=.d) $(FUZZ_OBJ:.o=.d)

.PHONY: lint check-threads bench fuzz check check-built check-built-san
