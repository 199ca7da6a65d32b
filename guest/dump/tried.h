// SPDX-License-Identifier: MIT
// What read-vmcore tried, what was wrong of it, and the words for it (PROTOCOL.md, "vmcore-reads").

#ifndef TRIED_H
#define TRIED_H

#include "sys.h"

// The first reads of a kind that are told of.
enum { WRONGS = 16 };

// A read that went wrong: what it gave or the first byte that differs.
struct wrong {
	u64 offset, length;
	// Where the bytes differ; 0 where the result of the call is wrong.
	u64 at;
	long want, found;
	int is_bytes;
};

// Something that was tried.
struct try {
	u64 count, wrongs;
	struct wrong first[WRONGS];
};

enum { EDGES, STRADDLES, SIZES, JUMPS, END, BUFFERS, READER, OTHER_READER, PAGES, TRIES };
static const char *const NAMES[TRIES] = {
	"edges", "straddles", "sizes", "seeks", "end", "buffers", "reader", "other-reader", "pages",
};

// In memory that is shared with the other reader.
static struct try *tries;

static struct wrong *note(struct try *try)
{
	static struct wrong one_too_many;

	return try->wrongs++ < WRONGS ? &try->first[try->wrongs - 1] : &one_too_many;
}

// Counts a call that must give that result.
static int must_give(struct try *try, u64 offset, u64 length, long want, long found)
{
	try->count++;
	if (want == found)
		return 1;
	*note(try) = (struct wrong){ .offset = offset, .length = length, .want = want, .found = found };
	return 0;
}

static u64 word_at(const char *bytes, u64 left)
{
	u64 word = 0;

	for (u64 at = 0; at < 8 && at < left; at++)
		word = word << 8 | (unsigned char)bytes[at];
	return left < 8 ? word << 8 * (8 - left) : word;
}

static void compare(struct try *try, const char *want, const char *found, u64 length, u64 offset)
{
	u64 at = 0;

	// Most is equal: eight bytes at a time.
	while (at + 8 <= length && *(const u64 *)(want + at) == *(const u64 *)(found + at))
		at += 8;
	while (at < length && want[at] == found[at])
		at++;
	if (at < length)
		*note(try) = (struct wrong){ offset, length, offset + at, word_at(want + at, length - at),
					     word_at(found + at, length - at), 1 };
}

static void say_hex(u64 number)
{
	char digits[19] = "0x";
	int at = 2;

	for (int shift = 60; shift >= 0; shift -= 4)
		if (number >> shift || shift == 0)
			digits[at++] = "0123456789abcdef"[number >> shift & 15];
	digits[at] = 0;
	say(1, digits);
}

static void say_signed(long number)
{
	if (number < 0)
		say(1, "-");
	say_number(1, number < 0 ? -number : number);
}

static void say_wrong(const struct wrong *wrong)
{
	say(1, wrong->is_bytes ? "bytes " : "result ");
	say_hex(wrong->offset);
	say(1, " ");
	say_number(1, wrong->length);
	say(1, " ");
	if (wrong->is_bytes) {
		say_hex(wrong->at);
		say(1, " ");
		say_hex(wrong->want);
		say(1, " ");
		say_hex(wrong->found);
	} else {
		say_signed(wrong->want);
		say(1, " ");
		say_signed(wrong->found);
	}
	say(1, "\n");
}

static void say_field(const char *name, u64 value)
{
	say(1, name);
	say_number(1, value);
	say(1, "\n");
}

static void say_tries(void)
{
	for (int i = 0; i < TRIES; i++) {
		say(1, "try ");
		say(1, NAMES[i]);
		say(1, " ");
		say_number(1, tries[i].count);
		say_field(" ", tries[i].wrongs);
		for (u64 at = 0; at < tries[i].wrongs && at < WRONGS; at++)
			say_wrong(&tries[i].first[at]);
	}
}

#endif
