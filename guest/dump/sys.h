// SPDX-License-Identifier: MIT
// System calls and output, for programs of the initramfs: there is no C library in it, and no need of one.

#ifndef SYS_H
#define SYS_H

typedef unsigned long u64;

enum { PAGE = 4096, WORDS = PAGE / sizeof(u64) };

enum {
	SYS_READ = 0,
	SYS_WRITE = 1,
	SYS_OPEN = 2,
	SYS_CLOSE = 3,
	SYS_FSTAT = 5,
	SYS_LSEEK = 8,
	SYS_MMAP = 9,
	SYS_MUNMAP = 11,
	SYS_PREAD64 = 17,
	SYS_PWRITE64 = 18,
	SYS_SCHED_YIELD = 24,
	SYS_FORK = 57,
	SYS_EXIT = 60,
	SYS_WAIT4 = 61,
	SYS_FSYNC = 74,
	SYS_CLOCK_GETTIME = 228,
};
enum { O_RDONLY = 0, O_WRONLY = 1, O_DIRECT = 040000 };
enum { PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20 };

static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
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

static inline void say(int fd, const char *text)
{
	long length = 0;

	while (text[length])
		length++;
	syscall6(SYS_WRITE, fd, (long)text, length, 0, 0, 0);
}

static inline void say_number(int fd, u64 number)
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

static inline void __attribute__((noreturn)) leave(int status)
{
	for (;;)
		syscall6(SYS_EXIT, status, 0, 0, 0, 0, 0);
}

// Whether the result of a system call is an errno.
static inline int is_error(long result)
{
	return result < 0 && result >= -4095;
}

// The result of a system call, or the end of the program with its errno.
static inline long must(const char *what, long result)
{
	if (!is_error(result))
		return result;
	say(2, "cannot ");
	say(2, what);
	say(2, ": errno ");
	say_number(2, -result);
	say(2, "\n");
	leave(1);
}

static inline int open_vmcore(const char *path)
{
	return must("open the vmcore", syscall6(SYS_OPEN, (long)path, O_RDONLY, 0, 0, 0, 0));
}

static inline u64 size_of(int fd)
{
	u64 stat[32];

	must("stat the vmcore", syscall6(SYS_FSTAT, fd, (long)stat, 0, 0, 0, 0));
	return stat[6];
}

// The program begins with `start(stack)`: the number of arguments, then the arguments.
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call start\n");

#endif
