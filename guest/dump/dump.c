// SPDX-License-Identifier: MIT
// dump-vmcore VMCORE DISK all|read: copies a vmcore to a disk in makedumpfile's flattened format (makedumpfile.h, struct
// makedumpfile_header and struct makedumpfile_data_header), without its pages of zeroes. Prints how many bytes of the
// disk that takes.
//
// It maps the vmcore: to read it makes the kernel map and unmap every page by itself (copy_oldmem_page()). It does that,
// too, if it is told to: so do cp, dd and scp.

#include "sys.h"

enum { BUFFER_WORDS = 512 * WORDS, WINDOW_PAGES = 16384, CHUNK_PAGES = 64 };
// The words of a header of a record: where the data belongs, and its size in bytes. Both are big-endian.
enum { HEADER_WORDS = 2 };

// What is to be written next.
static u64 buffer[BUFFER_WORDS] __attribute__((aligned(PAGE)));

static int is_zero(const u64 *page)
{
	for (int at = 0; at < WORDS; at += 8)
		if (page[at] | page[at + 1] | page[at + 2] | page[at + 3] | page[at + 4] | page[at + 5] | page[at + 6] |
		    page[at + 7])
			return 0;
	return 1;
}

struct output {
	int disk;
	// Bytes that are on the disk.
	u64 written;
	// Words in the buffer.
	long used;
	// Where in the buffer the record begins that is being written; -1 is none.
	long record;
	// Where the next byte of that record belongs.
	u64 next;
};

static void write_out(struct output *out, long words)
{
	const char *from = (const char *)buffer;
	u64 left = words * sizeof(u64);

	while (left) {
		long written = must("write the disk", syscall6(SYS_PWRITE64, out->disk, (long)from, left, out->written, 0, 0));

		from += written;
		out->written += written;
		left -= written;
	}
}

// Writes the whole pages of the buffer: O_DIRECT knows no others.
static void flush(struct output *out)
{
	long whole = out->used / WORDS * WORDS;

	write_out(out, whole);
	for (long at = whole; at < out->used; at++)
		buffer[at - whole] = buffer[at];
	out->used -= whole;
}

static void put(struct output *out, u64 big_endian)
{
	buffer[out->used++] = __builtin_bswap64(big_endian);
}

static void end_record(struct output *out)
{
	if (out->record >= 0)
		buffer[out->record + 1] = __builtin_bswap64((out->used - out->record - HEADER_WORDS) * sizeof(u64));
	out->record = -1;
}

// One page of the vmcore, in the record that it continues or in a new one.
static void take(struct output *out, const u64 *page, u64 offset)
{
	if (out->used + HEADER_WORDS + WORDS > BUFFER_WORDS) {
		end_record(out);
		flush(out);
	}
	if (out->record < 0 || offset != out->next) {
		end_record(out);
		out->record = out->used;
		put(out, offset);
		put(out, 0);
	}
	for (int at = 0; at < WORDS; at++)
		buffer[out->used++] = page[at];
	out->next = offset + PAGE;
}

static void begin_file(struct output *out)
{
	buffer[0] = *(const u64 *)"makedump";
	buffer[1] = *(const u64 *)"file\0\0\0";
	out->used = 2;
	put(out, 1);
	put(out, 1);
	out->used = WORDS;
}

static u64 end_file(struct output *out)
{
	end_record(out);
	put(out, -1UL);
	put(out, -1UL);
	u64 size = out->written + out->used * sizeof(u64);

	// The disk takes whole pages; what is behind the end does not matter.
	out->used = (out->used + WORDS - 1) / WORDS * WORDS;
	flush(out);
	must("flush the disk", syscall6(SYS_FSYNC, out->disk, 0, 0, 0, 0, 0));
	return size;
}

// What take() does not get is not in the dump: pages of zeroes. The last page says how large the vmcore is.
static void take_all(struct output *out, const u64 *words, u64 first, u64 count, u64 pages)
{
	for (u64 page = 0; page < count; page++, words += WORDS)
		if (!is_zero(words) || first + page + 1 == pages)
			take(out, words, (first + page) * PAGE);
}

static void dump_mapped(struct output *out, int vmcore, u64 pages)
{
	for (u64 first = 0; first < pages; first += WINDOW_PAGES) {
		u64 count = pages - first < WINDOW_PAGES ? pages - first : WINDOW_PAGES;
		const u64 *window = (const u64 *)must(
			"map the vmcore", syscall6(SYS_MMAP, 0, count * PAGE, PROT_READ, MAP_PRIVATE, vmcore, first * PAGE));

		take_all(out, window, first, count, pages);
		syscall6(SYS_MUNMAP, (long)window, count * PAGE, 0, 0, 0, 0);
	}
}

// Reads on as a program like cp does. Gives the bytes that it got: fewer only at the end, or before what cannot be read.
static u64 read_on(int vmcore, char *to, u64 bytes)
{
	u64 got = 0;

	while (got < bytes) {
		long result = syscall6(SYS_READ, vmcore, (long)(to + got), bytes - got, 0, 0, 0);

		if (is_error(result) || result == 0)
			break;
		got += result;
	}
	return got;
}

// A page that cannot be read is left out, as by dd conv=noerror: it is missing when the dump is compared with memory.
static void dump_read(struct output *out, int vmcore, u64 pages)
{
	static u64 chunk[CHUNK_PAGES * WORDS] __attribute__((aligned(PAGE)));

	for (u64 first = 0; first < pages;) {
		u64 count = pages - first < CHUNK_PAGES ? pages - first : CHUNK_PAGES;
		u64 whole = read_on(vmcore, (char *)chunk, count * PAGE) / PAGE;

		// An error does not say where: one page at a time does.
		while (whole < count && syscall6(SYS_PREAD64, vmcore, (long)(chunk + whole * WORDS), PAGE,
						 (first + whole) * PAGE, 0, 0) == PAGE)
			whole++;
		take_all(out, chunk, first, whole, pages);
		first += whole < count ? whole + 1 : count;
		if (whole < count)
			must("seek in the vmcore", syscall6(SYS_LSEEK, vmcore, first * PAGE, 0, 0, 0, 0));
	}
}

static void dump(const char *vmcore_path, const char *disk_path, int by_read)
{
	int vmcore = open_vmcore(vmcore_path);
	int disk = must("open the disk", syscall6(SYS_OPEN, (long)disk_path, O_WRONLY | O_DIRECT, 0, 0, 0, 0));
	struct output out = { .disk = disk, .record = -1 };
	u64 pages = (size_of(vmcore) + PAGE - 1) / PAGE;

	begin_file(&out);
	(by_read ? dump_read : dump_mapped)(&out, vmcore, pages);
	say_number(1, end_file(&out));
	say(1, "\n");
}

void __attribute__((noreturn)) start(const long *stack)
{
	if (stack[0] != 4) {
		say(2, "usage: dump-vmcore VMCORE DISK all|read\n");
		leave(64);
	}
	dump((const char *)stack[2], (const char *)stack[3], *(const char *)stack[4] == 'r');
	leave(0);
}
