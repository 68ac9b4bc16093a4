/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * is: NAS kernel IS, integer sort: the rank of each of many small integers, ten times.
 *
 *     mpirun … is S|W|A
 *
 * The truth it creates: little computing; in each iteration the processes exchange all their keys, all with all.
 */
#include "workloads/mpi/nas.h"
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITERATIONS 10
#define TESTS 5
#define BUCKETS_LOG2 10
#define BUCKETS (1 << BUCKETS_LOG2)

/* Partial verification: in iteration i the key that is at INDEX has a rank that the first RISING tests expect at
 * RANK + i - LATE_RISING and the others at RANK - i + LATE_FALLING. */
static const struct {
	int keys_log2, key_log2;
	int index[TESTS], rank[TESTS];
	int rising, late_rising, late_falling;
} classes[NAS_CLASSES] = {
	{ 16, 11, { 48427, 17148, 23627, 62548, 4431 }, { 0, 18, 346, 64917, 65463 }, 3, 0, 0 },
	{ 20, 16, { 357773, 934767, 875723, 898999, 404505 }, { 1249, 11698, 1039987, 1043896, 1048018 }, 2, 2, 0 },
	{ 23, 19, { 2112377, 662041, 5336171, 3642833, 4250760 }, { 104, 17523, 123928, 8288932, 8388264 }, 3, 1, 1 },
};

struct sort {
	struct nas run;
	int share;         /* keys of each process before they are exchanged */
	int keys_max;      /* 2^key_log2: keys are below it */
	int *keys;         /* share of them: what is sorted */
	int *by_bucket;    /* the same in the order of their buckets */
	int *received;     /* the keys of this process's buckets, from all processes */
	int received_room, received_count;
	int first, before; /* its lowest possible key, and how many keys of all are lower */
	int *at_most;      /* of each possible key from first on: how many of those received are not greater */
	int passed;        /* partial verifications, of this process's keys */
};

static void make_keys(struct sort *sort)
{
	uint64_t x = nas_after(NAS_SEED, (uint64_t)sort->share * (uint64_t)sort->run.rank * 4);

	for (int i = 0; i < sort->share; i++) {
		double sum = nas_random(&x);

		sum += nas_random(&x);
		sum += nas_random(&x);
		sum += nas_random(&x);
		sort->keys[i] = (int)(sort->keys_max / 4 * sum);
	}
}

static struct sort new_sort(struct nas run)
{
	int keys = 1 << classes[run.class].keys_log2, share = keys / run.processes;
	struct sort sort = { .run = run, .share = share, .keys_max = 1 << classes[run.class].key_log2 };

	/* Buckets are dealt in order until a process has its share: it may get one bucket too many. */
	sort.received_room = run.processes == 1 ? keys : share + keys / 128;
	sort.keys = nas_room((size_t)share, sizeof(int));
	sort.by_bucket = nas_room((size_t)share, sizeof(int));
	sort.received = nas_room((size_t)sort.received_room, sizeof(int));
	sort.at_most = nas_room((size_t)sort.keys_max, sizeof(int));
	make_keys(&sort);
	return sort;
}

/* The keys that are tested: each is with one process. */
static void test_keys(const struct sort *sort, int keys[TESTS])
{
	int mine[TESTS] = { 0 };

	for (int i = 0; i < TESTS; i++) {
		int at = classes[sort->run.class].index[i] - sort->share * sort->run.rank;

		if (at >= 0 && at < sort->share)
			mine[i] = sort->keys[at];
	}
	MPI_Allreduce(mine, keys, TESTS, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
}

static int bucket_shift(const struct sort *sort)
{
	return classes[sort->run.class].key_log2 - BUCKETS_LOG2;
}

/* Puts the keys into the order of their buckets and counts those of each. */
static void into_buckets(struct sort *sort, int count[BUCKETS])
{
	int shift = bucket_shift(sort), next[BUCKETS] = { 0 };

	memset(count, 0, BUCKETS * sizeof(*count));
	for (int i = 0; i < sort->share; i++)
		count[sort->keys[i] >> shift]++;
	for (int bucket = 1; bucket < BUCKETS; bucket++)
		next[bucket] = next[bucket - 1] + count[bucket - 1];
	for (int i = 0; i < sort->share; i++)
		sort->by_bucket[next[sort->keys[i] >> shift]++] = sort->keys[i];
}

/* Deals the buckets to the processes, in order: sets how many keys go to each, and where its own keys begin.  Returns the
 * bucket after its last one. */
static int deal_buckets(struct sort *sort, const int mine[BUCKETS], const int all[BUCKETS], int to[NAS_PROCESSES_MAX])
{
	int owner = 0, dealt = 0, end = 0;

	sort->first = sort->before = 0;
	memset(to, 0, NAS_PROCESSES_MAX * sizeof(*to));
	for (int bucket = 0; bucket < BUCKETS; bucket++) {
		to[owner] += mine[bucket];
		dealt += all[bucket];
		if (owner == sort->run.rank)
			end = bucket + 1;
		if (owner == sort->run.processes - 1 || dealt < sort->share * (owner + 1))
			continue;
		owner++;
		if (owner == sort->run.rank) {
			sort->first = (bucket + 1) << bucket_shift(sort);
			sort->before = dealt;
		}
	}
	return end;
}

static void exchange(struct sort *sort, int to[NAS_PROCESSES_MAX])
{
	int from[NAS_PROCESSES_MAX], to_at[NAS_PROCESSES_MAX] = { 0 }, from_at[NAS_PROCESSES_MAX] = { 0 };

	MPI_Alltoall(to, 1, MPI_INT, from, 1, MPI_INT, MPI_COMM_WORLD);
	for (int i = 1; i < sort->run.processes; i++) {
		to_at[i] = to_at[i - 1] + to[i - 1];
		from_at[i] = from_at[i - 1] + from[i - 1];
	}
	sort->received_count = from_at[sort->run.processes - 1] + from[sort->run.processes - 1];
	if (sort->received_count > sort->received_room) {
		fprintf(stderr, "is: %d keys for one process, room for %d\n", sort->received_count, sort->received_room);
		MPI_Abort(MPI_COMM_WORLD, 1);
	}
	MPI_Alltoallv(sort->by_bucket, to, to_at, MPI_INT, sort->received, from, from_at, MPI_INT, MPI_COMM_WORLD);
}

static void count_keys(struct sort *sort, int possible)
{
	memset(sort->at_most, 0, (size_t)possible * sizeof(int));
	for (int i = 0; i < sort->received_count; i++)
		sort->at_most[sort->received[i] - sort->first]++;
	for (int i = 1; i < possible; i++)
		sort->at_most[i] += sort->at_most[i - 1];
}

static void verify_partially(struct sort *sort, const int keys[TESTS], int possible, int iteration)
{
	int class = sort->run.class;

	for (int i = 0; i < TESTS; i++) {
		int at = keys[i] - sort->first, expected = classes[class].rank[i];

		if (at < 0 || at >= possible)
			continue;
		expected += i < classes[class].rising ? iteration - classes[class].late_rising : classes[class].late_falling - iteration;
		sort->passed += sort->before + (at ? sort->at_most[at - 1] : 0) == expected;
	}
}

static void rank_keys(struct sort *sort, int iteration)
{
	int keys[TESTS], mine[BUCKETS], all[BUCKETS], to[NAS_PROCESSES_MAX], possible;

	if (!sort->run.rank) {
		sort->keys[iteration] = iteration;
		sort->keys[iteration + ITERATIONS] = sort->keys_max - iteration;
	}
	test_keys(sort, keys);
	into_buckets(sort, mine);
	MPI_Allreduce(mine, all, BUCKETS, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
	possible = (deal_buckets(sort, mine, all, to) << bucket_shift(sort)) - sort->first;
	exchange(sort, to);
	count_keys(sort, possible);
	verify_partially(sort, keys, possible, iteration);
}

/* Full verification: puts each key where its rank says and sees that none is greater than its successor, from the lowest
 * key of the first process to the highest one of the last, and that none is lost. */
static bool sorted(struct sort *sort)
{
	int count = sort->received_count, highest_before = -1, highest;
	int *order = nas_room((size_t)count, sizeof(int));
	bool good = true;

	for (int i = 0; i < count; i++)
		order[--sort->at_most[sort->received[i] - sort->first]] = sort->received[i];
	for (int i = 1; i < count; i++)
		good &= order[i - 1] <= order[i];
	highest = count ? order[count - 1] : -1;
	if (sort->run.rank + 1 < sort->run.processes)
		MPI_Send(&highest, 1, MPI_INT, sort->run.rank + 1, 0, MPI_COMM_WORLD);
	if (sort->run.rank)
		MPI_Recv(&highest_before, 1, MPI_INT, sort->run.rank - 1, 0, MPI_COMM_WORLD, &(MPI_Status){ 0 });
	good &= count && highest_before <= order[0];
	free(order);
	return nas_sum(count) == (double)sort->share * sort->run.processes && good;
}

int main(int argc, char **argv)
{
	struct sort sort = new_sort(nas_begin("is", argc, argv));
	bool verified;

	rank_keys(&sort, 1);
	sort.passed = 0;
	nas_clock_start(&sort.run);
	for (int iteration = 1; iteration <= ITERATIONS; iteration++)
		rank_keys(&sort, iteration);
	nas_clock_stop(&sort.run);
	verified = nas_sum(sort.passed) == TESTS * ITERATIONS;
	verified &= sorted(&sort);
	free(sort.keys);
	free(sort.by_bucket);
	free(sort.received);
	free(sort.at_most);
	return nas_end(&sort.run, verified, (double)ITERATIONS * sort.share * sort.run.processes);
}
