/*
 * Runs a swap trace in a memory cgroup and prints what the kernel counted after each operation line.
 *
 *   recorder TRACE CGROUP CPU FOLDER [ZRAM_MM_STAT]
 *   recorder --check TRACE
 *
 * The process pins itself to CPU, joins CGROUP (a directory of cgroup v1 or v2), starts itself anew
 * from a copy in FOLDER so that all its memory is charged there, its text too, maps the trace's pages
 * without huge pages, and works the trace off. The text matters: in a cgroup without any file page
 * reclaim can find nothing to do, and the kernel kills. One JSON document on standard output: a run
 * of a capture (../../fixtures/kernel/README.md). --check only reads the trace (the format:
 * ../../fixtures/trace-format.md, without the lines that only the emulator takes).
 * Errors: one line on standard error, exit 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, WORDS = PAGE / 4, LINES_MAX = 256, LINE_LENGTH_MAX = 160, SLOT_RUNS_SHOWN = 64 };

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)

/* Counters of /proc/vmstat that a capture has, in its order. */
static const char *const COUNTERS[] = {
	"pswpin", "pswpout", "swpin_zero", "swpout_zero", "zswpin", "zswpout", "zswpwb",
	"swap_ra", "swap_ra_hit", "pgfault", "pgmajfault", "pgscan_anon", "pgsteal_anon",
	"pgscan_file", "pgsteal_file", "pgactivate", "pgdeactivate", "workingset_refault_anon",
	"workingset_activate_anon", "workingset_restore_anon", "workingset_nodereclaim",
};
enum { COUNTER_COUNT = sizeof COUNTERS / sizeof *COUNTERS };

/* Values below /sys/kernel/debug/zswap that a capture has. */
static const char *const ZSWAP_VALUES[] = {
	"stored_pages", "pool_total_size", "written_back_pages", "pool_limit_hit",
	"reject_reclaim_fail", "reject_compress_fail", "reject_compress_poor",
	"stored_incompressible_pages",
};
enum { ZSWAP_COUNT = sizeof ZSWAP_VALUES / sizeof *ZSWAP_VALUES };

/* What a page gets: `length` words of its stream and zeros behind, or one byte everywhere. */
struct content {
	enum { MIX, SPREAD, FILL } kind;
	uint32_t length;
	int byte;
};

struct operation {
	char line[LINE_LENGTH_MAX];
	char verb;
	int forks;
	uint32_t first, count, draws, seed;
	char order[8];
	struct content content;
};

static struct operation operations[LINES_MAX];
static int operation_count;
static uint32_t page_count;
static unsigned char *mapping;
static char text[1 << 16];
static int vmstat_fd, pagemap_fd, zram_fd = -1;
static volatile uint32_t sink;

static _Noreturn void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("recorder: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	exit(1);
}

/* mulberry32 */
static uint32_t next(uint32_t *state)
{
	uint32_t t = *state += 0x6D2B79F5u;

	t = (t ^ (t >> 15)) * (t | 1);
	t ^= t + (t ^ (t >> 7)) * (t | 61);
	return t ^ (t >> 14);
}

/* --- the trace ------------------------------------------------------------------------------- */

/* The whole of a decimal number; false where it is none, or too large. */
static int parse_number(const char *word, uint32_t max, uint32_t *number)
{
	char *end;
	unsigned long long value = strtoull(word, &end, 10);

	*number = (uint32_t)value;
	return word[0] >= '0' && word[0] <= '9' && *end == '\0' && value <= max;
}

static int parse_content(const char *word, struct content *content)
{
	uint32_t bytes = PAGE;

	*content = (struct content){ .kind = MIX };
	if (!strcmp(word, "zero"))
		return 1;
	if (!strcmp(word, "spread")) {
		content->kind = SPREAD;
		return 1;
	}
	if (!strncmp(word, "fill:", 5)) {
		content->kind = FILL;
		content->byte = (int)strtol(word + 5, NULL, 16);
		return strlen(word) == 7 && strspn(word + 5, "0123456789abcdefABCDEF") == 2;
	}
	if (strcmp(word, "rand") &&
	    (strncmp(word, "mix:", 4) || !parse_number(word + 4, PAGE, &bytes)))
		return 0;
	content->length = bytes / 4;
	return 1;
}

static int is_order(const char *word)
{
	return !strcmp(word, "seq") || !strcmp(word, "rev") || !strcmp(word, "rand") ||
	       !strcmp(word, "hot");
}

/* Splits at spaces and tabs; returns how many words there are, of which the first `max` are kept. */
static int split(char *line, char **words, int max)
{
	int count = 0;

	for (char *word = strtok(line, " \t"); word; word = strtok(NULL, " \t"))
		if (count++ < max)
			words[count - 1] = word;
	return count;
}

static void parse_operation(const char *line, char **words, int number)
{
	struct operation *operation = &operations[operation_count];
	uint32_t *const fields[] = { &operation->first, &operation->count, &operation->draws,
				     &operation->seed };
	static const int FIELD_WORDS[] = { 1, 2, 4, 5 };
	const char *verb = words[0];

	if (operation_count == LINES_MAX)
		fail("line %d: more than %d operations", number, LINES_MAX);
	operation->forks = verb[0] == 'F' && verb[1] != '\0';
	verb += operation->forks;
	if (verb[0] == '\0' || verb[1] != '\0' || !strchr(operation->forks ? "WMR" : "WMRD", verb[0]))
		fail("line %d: '%s' cannot be recorded; accepted: W M R D FW FM FR", number, words[0]);
	operation->verb = verb[0];
	for (int i = 0; i < 4; i++)
		if (!parse_number(words[FIELD_WORDS[i]], UINT32_MAX, fields[i]))
			fail("line %d: '%s' is no number; accepted: 0 to %u", number,
			     words[FIELD_WORDS[i]], UINT32_MAX);
	if (operation->count == 0 || operation->first + (uint64_t)operation->count > page_count)
		fail("line %d: %u pages from %u on are not all in the mapping; accepted: 0 to %u", number,
		     operation->count, operation->first, page_count - 1);
	if (!is_order(words[3]))
		fail("line %d: order '%s' is none; accepted: seq rev rand hot", number, words[3]);
	if (!strcmp(words[3], "hot") && operation->count < 8)
		fail("line %d: order hot needs a count of at least 8, not %u", number, operation->count);
	if (operation->verb == 'W' ? !parse_content(words[6], &operation->content)
				   : strcmp(words[6], "-") != 0)
		fail("line %d: content '%s'; accepted: %s", number, words[6],
		     operation->verb == 'W' ? "rand mix:K (K up to 4096) spread zero fill:HH" : "-");
	snprintf(operation->order, sizeof operation->order, "%s", words[3]);
	snprintf(operation->line, sizeof operation->line, "%s", line);
	operation_count++;
}

static void parse_line(const char *line, int number)
{
	char copy[LINE_LENGTH_MAX], *words[7];
	int count;

	if (strlen(line) >= LINE_LENGTH_MAX)
		fail("line %d: longer than %d characters", number, LINE_LENGTH_MAX - 1);
	count = split(strcpy(copy, line), words, 7);
	if (count == 0)
		return;
	if (page_count == 0) {
		if (count != 2 || strcmp(words[0], "pages") ||
		    !parse_number(words[1], INT32_MAX, &page_count) || page_count == 0)
			fail("line %d: '%s' stands where 'pages N' must", number, line);
		return;
	}
	if (count != 7)
		fail("line %d: '%s' is no 'OP first count order draws seed content'", number, line);
	parse_operation(line, words, number);
}

/* Trailing blanks are no part of a line: captures have it as it stands in the trace. */
static void parse_trace(const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		fail("%s: %s", path, strerror(errno));
	for (int number = 1; getline(&line, &size, file) >= 0; number++) {
		line[strcspn(line, "#\r\n")] = '\0';
		for (char *tab = line; (tab = strchr(tab, '\t'));)
			*tab = ' ';
		for (size_t end = strlen(line); end > 0 && strchr(" \t", line[end - 1]);)
			line[--end] = '\0';
		parse_line(line + strspn(line, " \t"), number);
	}
	free(line);
	fclose(file);
	if (operation_count == 0)
		fail("%s: no operation in it", path);
}

/* Fills a page. */
static void write_content(const struct content *content, uint32_t page, uint32_t operation,
			  uint32_t *words)
{
	uint32_t state = (page * 0x9E3779B1u) ^ (operation * 0x85EBCA6Bu);
	uint32_t length = content->length;

	if (content->kind == FILL) {
		memset(words, content->byte, PAGE);
		return;
	}
	if (content->kind == SPREAD)
		length = ((page * 37) % 33) * 32;
	for (uint32_t i = 0; i < length; i++)
		words[i] = next(&state);
	memset(words + length, 0, PAGE - 4 * length);
	if (content->kind == SPREAD && length == 0)
		words[0] = page | 1;
}

static uint32_t draw(const struct operation *operation, uint32_t i, uint32_t *state)
{
	uint32_t first = operation->first, count = operation->count;

	switch (operation->order[0]) {
	case 's':
		return first + i % count;
	case 'h':
		if ((next(state) & 3) != 0)
			return first + next(state) % (count / 8);
		return first + next(state) % count;
	default:
		if (!strcmp(operation->order, "rev"))
			return first + count - 1 - i % count;
		return first + next(state) % count;
	}
}

static void work(const struct operation *operation, uint32_t number)
{
	uint32_t state = operation->seed;

	for (uint32_t i = 0; i < operation->draws; i++) {
		uint32_t page = draw(operation, i, &state);
		uint32_t *words = (uint32_t *)(mapping + (size_t)page * PAGE);
		volatile uint32_t *last = words + WORDS - 1;
		uint32_t value;

		switch (operation->verb) {
		case 'W':
			write_content(&operation->content, page, number, words);
			break;
		case 'M':
			/* A read, then a write: one instruction would fault as a write at once. */
			value = *last;
			*last = value ^ number;
			break;
		case 'R':
			sink = words[0];
			break;
		case 'D':
			if (madvise(words, PAGE, MADV_DONTNEED))
				fail("madvise: %s", strerror(errno));
			break;
		}
	}
}

/* --- what the kernel counted ----------------------------------------------------------------- */

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail("%s: %s", path, strerror(errno));
	return fd;
}

static const char *read_text(int fd)
{
	ssize_t length = pread(fd, text, sizeof text - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

static void read_counters(long long *values)
{
	const char *vmstat = read_text(vmstat_fd);

	for (int i = 0; i < COUNTER_COUNT; i++) {
		size_t length = strlen(COUNTERS[i]);

		values[i] = -1;
		for (const char *line = vmstat; line; line = strchr(line, '\n')) {
			line += *line == '\n';
			if (!strncmp(line, COUNTERS[i], length) && line[length] == ' ') {
				values[i] = atoll(line + length);
				break;
			}
		}
	}
}

/* Calls `see` with each page's word of /proc/self/pagemap. */
static void walk_pagemap(void (*see)(uint32_t page, uint64_t word))
{
	uint64_t words[512];

	for (uint32_t page = 0; page < page_count;) {
		uint64_t at = ((uintptr_t)mapping / PAGE + page) * sizeof *words;
		ssize_t length = pread(pagemap_fd, words, sizeof words, (off_t)at);

		if (length <= 0)
			fail("/proc/self/pagemap: %s", strerror(errno));
		for (size_t i = 0; i < (size_t)length / sizeof *words && page < page_count; i++)
			see(page++, words[i]);
	}
}

static uint32_t present, swapped;

static void count_page(uint32_t page, uint64_t word)
{
	(void)page;
	present += (word & PAGEMAP_PRESENT) != 0;
	swapped += (word & PAGEMAP_SWAPPED) != 0;
}

static struct { uint32_t page, type; uint64_t slot; uint32_t length; } run;
static uint32_t run_count;

static void end_run(void)
{
	if (run.length == 0)
		return;
	if (run_count < SLOT_RUNS_SHOWN)
		printf("%s[%u, %u, %" PRIu64 ", %u]", run_count ? ", " : "", run.page, run.type, run.slot,
		       run.length);
	run_count++;
	run.length = 0;
}

static void see_slot(uint32_t page, uint64_t word)
{
	uint32_t type = word & 0x1f;
	uint64_t slot = (word >> 5) & ((1ull << 50) - 1);

	if (!(word & PAGEMAP_SWAPPED)) {
		end_run();
	} else if (run.length > 0 && run.type == type && run.slot + run.length == slot) {
		run.length++;
	} else {
		end_run();
		run.page = page;
		run.type = type;
		run.slot = slot;
		run.length = 1;
	}
}

static double seconds(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

static double system_seconds(void)
{
	struct rusage own, children;

	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	return (double)(own.ru_stime.tv_sec + children.ru_stime.tv_sec) +
	       (double)(own.ru_stime.tv_usec + children.ru_stime.tv_usec) / 1e6;
}

/* Files of debugfs cannot be read twice through one descriptor. */
static void print_zswap(void)
{
	int comma = 0;

	for (int i = 0; i < ZSWAP_COUNT; i++) {
		char path[128];
		int fd;

		snprintf(path, sizeof path, "/sys/kernel/debug/zswap/%s", ZSWAP_VALUES[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		text[0] = '\0';
		if (read(fd, text, 32) < 0)
			fail("%s: %s", path, strerror(errno));
		close(fd);
		printf("%s\"%s\": %lld", comma++ ? ", " : "{", ZSWAP_VALUES[i], atoll(text));
	}
	fputs(comma ? "}" : "null", stdout);
}

static void print_phase(const struct operation *operation, double elapsed, double system,
			const long long *before, const long long *after)
{
	int comma = 0;

	printf("{\"op\": \"%s\", \"elapsed_s\": %.4f, \"sys_s\": %.4f, \"counters\": {", operation->line,
	       elapsed, system);
	for (int i = 0; i < COUNTER_COUNT; i++)
		if (before[i] >= 0)
			printf("%s\"%s\": %lld", comma++ ? ", " : "", COUNTERS[i], after[i] - before[i]);
	present = swapped = 0;
	walk_pagemap(count_page);
	printf("}, \"present\": %u, \"swapped\": %u, \"zswap\": ", present, swapped);
	print_zswap();
	fputs(", \"zram_mm_stat\": ", stdout);
	if (zram_fd < 0) {
		fputs("null", stdout);
	} else {
		read_text(zram_fd);
		text[strcspn(text, "\n")] = '\0';
		printf("\"%s\"", text);
	}
	fputc('}', stdout);
}

static void record(const struct operation *operation, uint32_t number)
{
	long long before[COUNTER_COUNT], after[COUNTER_COUNT];
	struct timespec start, end;
	double system = system_seconds();

	clock_gettime(CLOCK_MONOTONIC, &start);
	read_counters(before);
	if (operation->forks) {
		pid_t child = fork();
		int status = 1;

		if (child < 0)
			fail("fork: %s", strerror(errno));
		if (child == 0) {
			work(operation, number);
			_exit(0);
		}
		if (waitpid(child, &status, 0) < 0 || status != 0)
			fail("'%s': the child did not end well", operation->line);
	} else {
		work(operation, number);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	read_counters(after);
	print_phase(operation, seconds(&start, &end), system_seconds() - system, before, after);
}

/* --- the process itself ---------------------------------------------------------------------- */

static void join(const char *cgroup, int cpu)
{
	char path[4096], pid[16];
	cpu_set_t cpus;
	int fd;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof cpus, &cpus))
		fail("CPU %d: %s", cpu, strerror(errno));
	snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	if (fd < 0 || write(fd, pid, strlen(pid)) < 0)
		fail("%s: %s", path, strerror(errno));
	close(fd);
}

/* Starts a copy of this program; the copy has no name any more, and its pages are the cgroup's. */
static _Noreturn void start_copy(const char *folder, char **argv)
{
	char path[4096];
	ssize_t length;
	int from = open_file("/proc/self/exe"), to;

	snprintf(path, sizeof path, "%s/swaplab-recorder.%d", folder, (int)getpid());
	to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	if (to < 0)
		fail("%s: %s", path, strerror(errno));
	while ((length = read(from, text, sizeof text)) > 0)
		if (write(to, text, (size_t)length) != length)
			fail("%s: %s", path, strerror(errno));
	close(to);
	from = open_file(path);
	unlink(path);
	setenv("SWAPLAB_RECORDER_JOINED", "1", 1);
	fexecve(from, argv, environ);
	fail("starting anew: %s", strerror(errno));
}

/* Pages of this process that the cgroup pays for: its own memory, page tables, kernel stack. */
static long own_pages(void)
{
	int fd = open_file("/proc/self/status");
	const char *status = read_text(fd), *anonymous = strstr(status, "\nRssAnon:"),
		   *tables = strstr(status, "\nVmPTE:");

	close(fd);
	return (anonymous ? atol(anonymous + 9) / 4 : 0) + (tables ? atol(tables + 7) / 4 : 0) + 4;
}

/* File pages on the cgroup's lists. */
static long file_pages(const char *cgroup)
{
	static const char *const NAMES[] = { "\ninactive_file ", "\nactive_file " };
	char path[4096];
	long long bytes = 0;
	int fd;

	snprintf(path, sizeof path, "%s/memory.stat", cgroup);
	fd = open_file(path);
	read_text(fd);
	close(fd);
	for (int i = 0; i < 2; i++) {
		const char *line = strstr(text, NAMES[i]);

		bytes += line ? atoll(line + strlen(NAMES[i])) : 0;
	}
	return (long)(bytes / PAGE);
}

int main(int argc, char **argv)
{
	struct timespec start;
	long own, files;

	if (argc == 3 && !strcmp(argv[1], "--check")) {
		parse_trace(argv[2]);
		return 0;
	}
	if (argc < 5)
		fail("usage: recorder TRACE CGROUP CPU FOLDER [ZRAM_MM_STAT] | --check TRACE");
	if (sysconf(_SC_PAGESIZE) != PAGE)
		fail("pages of this kernel have %ld bytes; accepted: %d", sysconf(_SC_PAGESIZE), PAGE);
	if (!getenv("SWAPLAB_RECORDER_JOINED")) {
		join(argv[2], atoi(argv[3]));
		start_copy(argv[4], argv);
	}
	parse_trace(argv[1]);
	vmstat_fd = open_file("/proc/vmstat");
	pagemap_fd = open_file("/proc/self/pagemap");
	if (argc > 5)
		zram_fd = open_file(argv[5]);
	mapping = mmap(NULL, (size_t)page_count * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mapping == MAP_FAILED)
		fail("%u pages: %s", page_count, strerror(errno));
	madvise(mapping, (size_t)page_count * PAGE, MADV_NOHUGEPAGE);
	own = own_pages();
	files = file_pages(argv[2]);
	clock_gettime(CLOCK_MONOTONIC, &start);
	printf("{\"start_s\": %lld.%09ld, \"reservedPages\": %ld, \"filePages\": %ld, \"phases\": [",
	       (long long)start.tv_sec, start.tv_nsec, own, files);
	for (int i = 0; i < operation_count; i++) {
		if (i > 0)
			fputs(", ", stdout);
		record(&operations[i], (uint32_t)i + 1);
	}
	fputs("], \"slots\": [", stdout);
	walk_pagemap(see_slot);
	end_run();
	printf("], \"slotRuns\": %u}\n", run_count);
	return fflush(stdout) == 0 ? 0 : 1;
}
