/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * blast: pure network work, as the paper changed netperf to do: one TCP stream that sends for a fixed time.
 *
 *     blast ADDRESS PORT SECONDS      sends; prints one line:
 *         bytes=N sends=N wall_s=W user_s=U system_s=S    getrusage() around the loop that sends, and nothing else
 *         segments=N retransmits=N cwnd_segments=N ssthresh_segments=N rtt_us=N busy_s=W rwnd_limited_s=W sndbuf_limited_s=W
 *                                                         what TCP says of the stream at its end (TCP_INFO, Linux 6.1):
 *                                                         on what it waited, for how much of the time
 *     blast --receive ADDRESS PORT    takes what comes, one connection after the other, for ever; for each, at its end:
 *         bytes=N wall_s=W                                from its first byte to its last
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SEND_BYTES = 16 << 10, RECEIVE_BYTES = 256 << 10 }; /* as netperf's TCP_STREAM sends on Linux */

static double wall_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static bool parse_address(struct sockaddr_in *address, const char *host, const char *port)
{
	char *end;
	unsigned long number = strtoul(port, &end, 10);

	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)number) };
	return *end == '\0' && number >= 1 && number <= UINT16_MAX && inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

static int failed(const char *what)
{
	fprintf(stderr, "blast: %s: %s\n", what, strerror(errno));
	return 1;
}

/* What was sent up to `until_s`; the last send may go beyond it. */
static bool send_until(int stream, double until_s, uint64_t *bytes, uint64_t *sends)
{
	static const char buffer[SEND_BYTES];

	while (wall_s() < until_s) {
		ssize_t sent = send(stream, buffer, sizeof(buffer), MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return false;
		*bytes += sent > 0 ? (uint64_t)sent : 0;
		*sends += sent > 0;
	}
	return true;
}

/* What TCP has to say of a stream: the kernel keeps it, in its own units. */
static bool tell_tcp(int stream)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(stream, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return false;
	printf(" segments=%" PRIu32 " retransmits=%" PRIu32 " cwnd_segments=%" PRIu32 " ssthresh_segments=%" PRIu32 " rtt_us=%" PRIu32,
	       (uint32_t)info.tcpi_segs_out, (uint32_t)info.tcpi_total_retrans, (uint32_t)info.tcpi_snd_cwnd,
	       (uint32_t)info.tcpi_snd_ssthresh, (uint32_t)info.tcpi_rtt);
	printf(" busy_s=%.3f rwnd_limited_s=%.3f sndbuf_limited_s=%.3f\n", (double)info.tcpi_busy_time * 1e-6,
	       (double)info.tcpi_rwnd_limited * 1e-6, (double)info.tcpi_sndbuf_limited * 1e-6);
	return true;
}

static int blast(const struct sockaddr_in *to, double for_s)
{
	int stream = socket(AF_INET, SOCK_STREAM, 0);
	struct rusage before, after;
	uint64_t bytes = 0, sends = 0;
	double start_s, end_s;

	if (stream < 0 || connect(stream, (const struct sockaddr *)to, sizeof(*to)) != 0)
		return failed("connect");
	start_s = wall_s();
	getrusage(RUSAGE_SELF, &before);
	if (!send_until(stream, start_s + for_s, &bytes, &sends))
		return failed("send");
	getrusage(RUSAGE_SELF, &after);
	end_s = wall_s();
	printf("bytes=%" PRIu64 " sends=%" PRIu64 " wall_s=%.3f user_s=%.3f system_s=%.3f", bytes, sends, end_s - start_s,
	       seconds(after.ru_utime) - seconds(before.ru_utime), seconds(after.ru_stime) - seconds(before.ru_stime));
	if (!tell_tcp(stream))
		return failed("TCP_INFO");
	return fflush(stdout) ? 1 : 0;
}

static void take(int stream)
{
	static char buffer[RECEIVE_BYTES];
	double first_s = 0, last_s = 0;
	uint64_t bytes = 0;
	ssize_t got;

	while ((got = recv(stream, buffer, sizeof(buffer), 0)) > 0 || (got < 0 && errno == EINTR)) {
		last_s = wall_s();
		first_s = first_s == 0 ? last_s : first_s;
		bytes += got > 0 ? (uint64_t)got : 0;
	}
	close(stream);
	if (bytes > 0) /* who looks whether somebody listens sends nothing */
		printf("bytes=%" PRIu64 " wall_s=%.3f\n", bytes, last_s - first_s);
	fflush(stdout);
}

static int receive(const struct sockaddr_in *at)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1, stream;

	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
	    bind(listener, (const struct sockaddr *)at, sizeof(*at)) != 0 || listen(listener, 4) != 0)
		return failed("listen");
	while ((stream = accept(listener, NULL, NULL)) >= 0 || errno == EINTR || errno == ECONNABORTED)
		if (stream >= 0)
			take(stream);
	return failed("accept");
}

int main(int argc, char **argv)
{
	bool receives = argc == 4 && strcmp(argv[1], "--receive") == 0;
	struct sockaddr_in address;
	char *end = NULL;
	double for_s = argc == 4 ? strtod(argv[3], &end) : 0;

	if (receives && parse_address(&address, argv[2], argv[3]))
		return receive(&address);
	if (argc != 4 || receives || *end || !(for_s > 0) || !parse_address(&address, argv[1], argv[2])) {
		fprintf(stderr, "usage: blast ADDRESS PORT SECONDS\n       blast --receive ADDRESS PORT\n");
		return 2;
	}
	return blast(&address, for_s);
}
