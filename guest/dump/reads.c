// SPDX-License-Identifier: MIT
// read-vmcore VMCORE SEED sample|all: whether a vmcore reads the same by read(), pread() and mmap(), at any offset and in
// any size. Prints what it tried and the first reads that were wrong, as PROTOCOL.md has it under "vmcore-reads".
//
// What is right is what mmap() shows: the two ways share no more than the list of segments (__read_vmcore() and
// mmap_vmcore() in fs/proc/vmcore.c). Old memory does not change meanwhile: it is not this kernel's RAM (what kexec-tools
// lets it use of low memory is in the vmcore as purgatory's copy), both ways only read it, and the drivers reset their
// devices when they found them. The host compares it with memory at the jump, page by page (kdump.confined).

#include "tried.h"
#include "vmcore.h"

// How long the sample may take with all that is tried before it, in ns. Some pages are always compared.
enum { BUDGET_NS = 200000000, LEAST_PAGES = 64 };
// Pages of the sample that are read at once: to map one takes the kernel longer than to read it.
enum { TOGETHER = 8 };
// Reads of random places.
enum { RANDOM_READS = 48, SEEKS = 12, READERS_READS = 24 };
enum { WINDOW_PAGES = 256, EINVAL = 22, EFAULT = 14 };
enum { SEEK_SET, SEEK_CUR, SEEK_END };

static u64 seed;
static char got[WINDOW_PAGES * PAGE];

// splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
static u64 next_random(u64 below)
{
	u64 z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return below ? (z ^ (z >> 31)) % below : 0;
}

static u64 now_ns(void)
{
	long time[2];

	must("tell the time", syscall6(SYS_CLOCK_GETTIME, 1, (long)time, 0, 0, 0, 0));
	return time[0] * 1000000000UL + time[1];
}

// Compares bytes that were read with those of the map.
static void compare_read(struct try *try, u64 offset, u64 length)
{
	u64 pages;
	const char *mapped = map_pages(offset, length, &pages);

	compare(try, mapped + offset % PAGE, got, length, offset);
	unmap(mapped, pages);
}

// Reads all of that; a call may give less, but no error and, before the end, not nothing.
static void try_pread(struct try *try, u64 offset, u64 length)
{
	u64 have = 0;
	long result = 1;

	if (offset >= size)
		return;
	if (length > size - offset)
		length = size - offset;
	while (have < length && result > 0) {
		result = pread_at(got + have, length - have, offset + have);
		if (result > 0)
			have += result;
	}
	try->count++;
	if (have < length)
		*note(try) = (struct wrong){ .offset = offset, .length = length, .want = length, .found = result };
	else
		compare_read(try, offset, length);
}

static void try_edges(void)
{
	for (u64 at = 0; at < segments; at++) {
		try_pread(&tries[EDGES], segment_start[at], PAGE);
		if (segment_start[at] >= PAGE)
			try_pread(&tries[EDGES], segment_start[at] - PAGE, PAGE);
	}
}

// Around the borders of segments, and of pages anywhere.
static void try_straddles(void)
{
	static const u64 around[][2] = { { 1, 2 }, { 7, 13 }, { PAGE - 1, PAGE + 1 }, { PAGE + 1, 2 * PAGE + 3 } };

	for (u64 at = 0; at < 2 * segments; at++) {
		u64 border = at < segments ? segment_start[at] : next_random(size / PAGE) * PAGE;

		for (u64 i = 0; i < 4; i++)
			if (border >= around[i][0])
				try_pread(&tries[STRADDLES], border - around[i][0], around[i][1]);
	}
}

static void try_sizes(void)
{
	for (int i = 0; i < RANDOM_READS; i++)
		try_pread(&tries[SIZES], next_random(size), 1 + next_random(LONGEST));
}

// read() at the place that lseek() went to, which it then has moved on.
static void try_seeks(void)
{
	struct try *try = &tries[JUMPS];

	for (int i = 0; i < SEEKS; i++) {
		u64 offset = next_random(size - LONGEST), length = 1 + next_random(LONGEST);

		// From the start, from where it is, from the end: the same place.
		if (i % 3 == 0)
			must_give(try, offset, 0, offset, seek(offset, SEEK_SET));
		else if (i % 3 == 1)
			must_give(try, offset, 0, offset, seek(offset - seek(0, SEEK_CUR), SEEK_CUR));
		else
			must_give(try, offset, 0, offset, seek(offset - size, SEEK_END));
		long result = syscall6(SYS_READ, vmcore, (long)got, length, 0, 0, 0);

		try->count++;
		if (result <= 0 || (u64)result > length)
			*note(try) = (struct wrong){ .offset = offset, .length = length, .want = length, .found = result };
		else
			compare_read(try, offset, result);
		must_give(try, offset, length, offset + result, seek(0, SEEK_CUR));
	}
	must_give(try, 0, 0, -EINVAL, seek(-1, SEEK_SET));
}

static void try_end(void)
{
	static const u64 before[] = { 1, 7, PAGE, PAGE + 1 }, beyond[] = { 0, 1, PAGE, 1UL << 40 };
	struct try *try = &tries[END];

	must_give(try, size, 0, size, seek(0, SEEK_END));
	must_give(try, size, PAGE, 0, syscall6(SYS_READ, vmcore, (long)got, PAGE, 0, 0, 0));
	for (int i = 0; i < 4; i++) {
		// Across the end: what is before it.
		if (must_give(try, size - before[i], LONGEST, before[i], pread_at(got, LONGEST, size - before[i])))
			compare_read(try, size - before[i], before[i]);
		must_give(try, size + beyond[i], LONGEST, 0, pread_at(got, LONGEST, size + beyond[i]));
	}
	for (u64 at = 0; at < segments; at++)
		must_give(try, segment_start[at], 0, 0, pread_at(got, 0, segment_start[at]));
}

// Into memory that is not there: an error, and the next read is right. What fits before it may be given.
static void try_buffers(void)
{
	struct try *try = &tries[BUFFERS];
	char *pages = (char *)must("map memory", syscall6(SYS_MMAP, 0, 2 * PAGE, PROT_READ | PROT_WRITE,
							  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	syscall6(SYS_MUNMAP, (long)(pages + PAGE), PAGE, 0, 0, 0, 0);
	for (u64 at = 0; at + 1 < segments; at++) {
		u64 offset = segment_start[at];
		long result = pread_at(pages + 9, 2 * PAGE, offset);

		must_give(try, offset, PAGE, -EFAULT, pread_at(pages + PAGE, PAGE, offset));
		try->count++;
		if (result != -EFAULT && (result <= 0 || result > PAGE - 9))
			*note(try) = (struct wrong){ .offset = offset, .length = 2 * PAGE, .want = -EFAULT, .found = result };
		try_pread(try, offset, PAGE + 5);
	}
	syscall6(SYS_MUNMAP, (long)pages, PAGE, 0, 0, 0, 0);
}

static void read_in_turn(struct try *try)
{
	for (int i = 0; i < READERS_READS; i++) {
		try_pread(try, next_random(size), 1 + next_random(LONGEST));
		// On one CPU they would else read one after the other.
		syscall6(SYS_SCHED_YIELD, 0, 0, 0, 0, 0, 0);
	}
}

// Two processes that read at once.
static void try_readers(void)
{
	int status = 0;
	long child = must("start another reader", syscall6(SYS_FORK, 0, 0, 0, 0, 0, 0));

	if (child == 0) {
		seed = ~seed;
		read_in_turn(&tries[OTHER_READER]);
		leave(0);
	}
	read_in_turn(&tries[READER]);
	must("wait for it", syscall6(SYS_WAIT4, child, (long)&status, 0, 0, 0, 0));
	must_give(&tries[OTHER_READER], 0, 0, 0, status);
}

// Pages in one read. If it gives an error, or they cannot be mapped, page by page.
static void try_pages(u64 offset, u64 length)
{
	struct try *try = &tries[PAGES];
	u64 pages;

	if (length > size - offset)
		length = size - offset;
	int whole = pread_at(got, length, offset) == (long)length;
	const char *mapped = whole && !map_error ? map_pages(offset, length, &pages) : by_page;

	for (u64 at = 0; at < length; at += PAGE) {
		if (mapped == by_page) {
			try_pread(try, offset + at, PAGE);
			continue;
		}
		try->count++;
		compare(try, mapped + at, got + at, PAGE, offset + at);
	}
	unmap(mapped, pages);
}

static void try_sample(u64 started)
{
	while (tries[PAGES].count < LEAST_PAGES || (tries[PAGES].count < size / PAGE && now_ns() - started < BUDGET_NS))
		try_pages(next_random(size / PAGE) * PAGE, TOGETHER * PAGE);
}

static void try_all(void)
{
	for (u64 offset = 0; offset < size; offset += sizeof(got))
		try_pages(offset, sizeof(got));
}

static void report(u64 started)
{
	say_field("took ", (now_ns() - started) / 1000000);
	say_field("pages ", size / PAGE);
	if (map_error)
		say_field("unmapped ", map_error);
	say_tries();
	say(1, "done\n");
}

static u64 parse_number(const char *digits)
{
	u64 number = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++)
		number = number * 10 + *digits - '0';
	return number;
}

void __attribute__((noreturn)) start(const long *stack)
{
	if (stack[0] != 4) {
		say(2, "usage: read-vmcore VMCORE SEED sample|all\n");
		leave(64);
	}
	u64 started = now_ns();

	vmcore = open_vmcore((const char *)stack[2]);
	size = size_of(vmcore);
	seed = parse_number((const char *)stack[3]);
	if (size < LONGEST) {
		say(2, "cannot check a vmcore that is smaller than its reads\n");
		leave(1);
	}
	say(1, "vmcore-reads 1\n");
	say_field("seed ", seed);
	tries = (struct try *)must("map memory", syscall6(SYS_MMAP, 0, TRIES * sizeof(*tries), PROT_READ | PROT_WRITE,
							  MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	find_segments();
	try_edges();
	try_straddles();
	try_sizes();
	try_seeks();
	try_end();
	try_buffers();
	try_readers();
	if (*(const char *)stack[4] == 'a')
		try_all();
	else
		try_sample(started);
	report(started);
	leave(0);
}
