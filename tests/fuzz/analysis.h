/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libFuzzer calls, and replay.c. */
#ifndef XTRACE_FUZZ_ANALYSIS_H
#define XTRACE_FUZZ_ANALYSIS_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Ours, and libFuzzer's own. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t room);

#endif
