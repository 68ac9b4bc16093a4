# SPDX-License-Identifier: GPL-2.0-or-later
# The MPI workloads.  MPICC: the compiler's wrapper, which decides on the MPI: mpicc.openmpi, or mpicc.lam for LAM/MPI.
# Each of them has a folder of its own: $(O)/workloads/mpi/openmpi/, …/lam/.

MPICC    ?= mpicc.openmpi
MPI_DIR  := $(O)/workloads/mpi/$(patsubst mpicc.%,%,$(notdir $(MPICC)))
MPI_NAS  := $(addprefix $(MPI_DIR)/, ep is cg mg ft)
MPI_PROGRAMS := $(MPI_NAS) $(MPI_DIR)/micro

# The wrapper says what it would run: the folders of headers are taken from it as the system's, whose warnings are not ours.
MPI_HEADERS = $(patsubst -I%,-isystem %,$(filter -I%,$(shell $(MPICC) -showme)))

$(MPI_NAS): $(MPI_DIR)/nas.o

$(MPI_DIR)/%.o: workloads/mpi/%.c
	@mkdir -p $(@D)
	@echo "  MPI  $<"
	$(Q)$(MPICC) $(CPPFLAGS) $(MPI_HEADERS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(MPI_PROGRAMS): $(MPI_DIR)/%: $(MPI_DIR)/%.o
	@echo "  LINK $@"
	$(Q)$(MPICC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lm

mpi: $(MPI_PROGRAMS) ## MPICC=mpicc.openmpi: the MPI workloads (mpicc.lam: for LAM/MPI)

$(O)/workloads/mpi/lam/hpcc: workloads/mpi/build-hpcc
	@mkdir -p $(@D)
	$(Q)workloads/mpi/build-hpcc -o $@

hpcc: $(O)/workloads/mpi/lam/hpcc ## HPC Challenge for LAM/MPI, from Debian's source package

check-mpi: ## the smallest class of each MPI workload, under OpenMPI and LAM/MPI (a minute)
	$(Q)O=$(O) tests/mpi

-include $(MPI_PROGRAMS:=.d) $(MPI_DIR)/nas.d

.PHONY: mpi hpcc check-mpi
