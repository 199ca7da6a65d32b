// SPDX-License-Identifier: MIT
// dump VMCORE DISK: copies a vmcore to a disk in makedumpfile's flattened format (makedumpfile.h, struct makedumpfile_header
// and struct makedumpfile_data_header), without its pages of zeroes. Prints how many bytes of the disk that takes.
//
// It maps the vmcore: to read it would make the kernel map and unmap every page by itself (copy_oldmem_page()).
// There is no C library in the initramfs, and no need of one.

typedef unsigned long u64;

enum { PAGE = 4096, WORDS = PAGE / sizeof(u64) };
enum { BUFFER_WORDS = 512 * WORDS, WINDOW_PAGES = 16384 };
// The words of a header of a record: where the data belongs, and its size in bytes. Both are big-endian.
enum { HEADER_WORDS = 2 };

enum { SYS_WRITE = 1, SYS_OPEN = 2, SYS_FSTAT = 5, SYS_MMAP = 9, SYS_MUNMAP = 11, SYS_PWRITE64 = 18, SYS_FSYNC = 74, SYS_EXIT = 60 };
enum { O_RDONLY = 0, O_WRONLY = 1, O_DIRECT = 040000, PROT_READ = 1, MAP_PRIVATE = 2 };

// What is to be written next.
static u64 buffer[BUFFER_WORDS] __attribute__((aligned(PAGE)));

static long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static void say(int fd, const char *text)
{
	long length = 0;

	while (text[length])
		length++;
	syscall6(SYS_WRITE, fd, (long)text, length, 0, 0, 0);
}

static void say_number(int fd, u64 number)
{
	char digits[24];
	int at = sizeof(digits) - 1;

	digits[at] = 0;
	do {
		digits[--at] = '0' + number % 10;
		number /= 10;
	} while (number);
	say(fd, digits + at);
}

static void __attribute__((noreturn)) leave(int status)
{
	for (;;)
		syscall6(SYS_EXIT, status, 0, 0, 0, 0, 0);
}

// The result of a system call, or the end of the program with its errno.
static long must(const char *what, long result)
{
	if (result >= 0 || result < -4095)
		return result;
	say(2, "cannot ");
	say(2, what);
	say(2, ": errno ");
	say_number(2, -result);
	say(2, "\n");
	leave(1);
}

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

static u64 size_of(int fd)
{
	u64 stat[32];

	must("stat the vmcore", syscall6(SYS_FSTAT, fd, (long)stat, 0, 0, 0, 0));
	return stat[6];
}

static void dump(const char *vmcore_path, const char *disk_path)
{
	int vmcore = must("open the vmcore", syscall6(SYS_OPEN, (long)vmcore_path, O_RDONLY, 0, 0, 0, 0));
	int disk = must("open the disk", syscall6(SYS_OPEN, (long)disk_path, O_WRONLY | O_DIRECT, 0, 0, 0, 0));
	struct output out = { .disk = disk, .record = -1 };
	u64 pages = (size_of(vmcore) + PAGE - 1) / PAGE;

	begin_file(&out);
	for (u64 first = 0; first < pages; first += WINDOW_PAGES) {
		u64 count = pages - first < WINDOW_PAGES ? pages - first : WINDOW_PAGES;
		const u64 *window = (const u64 *)must(
			"map the vmcore", syscall6(SYS_MMAP, 0, count * PAGE, PROT_READ, MAP_PRIVATE, vmcore, first * PAGE));

		for (u64 page = 0; page < count; page++) {
			const u64 *words = window + page * WORDS;

			// The last one says how large the vmcore is.
			if (!is_zero(words) || first + page + 1 == pages)
				take(&out, words, (first + page) * PAGE);
		}
		syscall6(SYS_MUNMAP, (long)window, count * PAGE, 0, 0, 0, 0);
	}
	say_number(1, end_file(&out));
	say(1, "\n");
}

void __attribute__((noreturn)) start(const long *stack)
{
	if (stack[0] != 3) {
		say(2, "usage: dump VMCORE DISK\n");
		leave(64);
	}
	dump((const char *)stack[2], (const char *)stack[3]);
	leave(0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call start\n");
