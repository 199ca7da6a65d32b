/* SPDX-License-Identifier: MIT */
#include "personality.h"

/* Where QEMU has an isa-debugcon for this driver alone: OVMF's own, in debug builds, is at 0x402. */
#define REPORT_PORT 0x404

static int at_line_start = 1;

static void put(char byte) {
  __asm__ volatile("outb %0, %1" : : "a"(byte), "Nd"((uint16_t)REPORT_PORT));
}

static void put_text(const char *text) {
  while (*text) put(*text++);
}

void report(const char *word) {
  if (!at_line_start) put(' ');
  put_text(word);
  at_line_start = 0;
}

static void put_digits(uint64_t number, unsigned base) {
  char digits[21];
  unsigned at = sizeof(digits) - 1;
  digits[at] = 0;
  do {
    digits[--at] = "0123456789abcdef"[number % base];
    number /= base;
  } while (number);
  put_text(digits + at);
}

void report_number(uint64_t number) {
  report("");
  put_digits(number, 10);
}

void report_hex(uint64_t number) {
  report("0x");
  put_digits(number, 16);
}

/* Inclusive, as the kernel prints ranges. */
void report_range(uint64_t start, uint64_t end) {
  report_hex(start);
  put_text("-0x");
  put_digits(end - 1, 16);
}

void report_end(void) {
  put('\n');
  at_line_start = 1;
}

void report_error(const char *what, uint64_t found) {
  report("error");
  report(what);
  report("found");
  report_hex(found);
  report_end();
}
