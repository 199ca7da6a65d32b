// SPDX-License-Identifier: MIT
// The vmcore by its segments, mapped and read.

#ifndef VMCORE_H
#define VMCORE_H

#include "sys.h"

enum { SEGMENTS = 64 };
// The longest read that is compared, but for whole pages, in bytes: over three pages, and no multiple of anything.
enum { LONGEST = 3 * PAGE + 13 };

// The ELF header and program headers (elf.h), by the offsets of what is needed of them.
enum { E_PHOFF = 32, E_PHENTSIZE = 54, E_PHNUM = 56, P_OFFSET = 8 };

static int vmcore;
// In bytes; and the errno with which the kernel refused to map it, or 0.
static u64 size, map_error;
static u64 segment_start[SEGMENTS + 3], segments;
static char by_page[LONGEST + 2 * PAGE];

static long pread_at(char *to, u64 bytes, u64 offset)
{
	return syscall6(SYS_PREAD64, vmcore, (long)to, bytes, offset, 0, 0);
}

static long seek(long offset, int whence)
{
	return syscall6(SYS_LSEEK, vmcore, offset, whence, 0, 0, 0);
}

// What is right, from whole pages that it lies in. Without mmap(): as it reads page by page.
static const char *map_pages(u64 offset, u64 length, u64 *pages)
{
	u64 first = offset / PAGE * PAGE;

	*pages = (offset + length - first + PAGE - 1) / PAGE;
	long mapped = syscall6(SYS_MMAP, 0, *pages * PAGE, PROT_READ, MAP_PRIVATE, vmcore, first);

	if (!is_error(mapped))
		return (const char *)mapped;
	map_error = -mapped;
	for (u64 page = 0; page < *pages && page * PAGE < sizeof(by_page); page++)
		pread_at(by_page + page * PAGE, PAGE, first + page * PAGE);
	return by_page;
}

static void unmap(const char *mapped, u64 pages)
{
	if (mapped != by_page)
		syscall6(SYS_MUNMAP, (long)mapped, pages * PAGE, 0, 0, 0, 0);
}

static u64 field(const char *header, u64 at, int bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | (unsigned char)header[at + bytes];
	return value;
}

// Where segments begin: header, notes and memory, one behind the other. The last is where the file ends.
static void find_segments(void)
{
	static char header[PAGE];

	pread_at(header, PAGE, 0);
	u64 count = field(header, E_PHNUM, 2), entry = field(header, E_PHENTSIZE, 2), table = field(header, E_PHOFF, 8);

	segment_start[segments++] = 0;
	for (u64 at = 0; at < count && at < SEGMENTS && table + (at + 1) * entry <= PAGE; at++) {
		u64 offset = field(header, table + at * entry + P_OFFSET, 8) / PAGE * PAGE;

		if (offset < size)
			segment_start[segments++] = offset;
	}
	segment_start[segments++] = size;
}

#endif
