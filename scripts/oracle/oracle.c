// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads machines from standard input, lets the kernel's code (which is above: this is the end of one file) set up their
 * memory, and prints what came of each. Both ways all is doubles: a count, then so many.
 */

/* Memory of our own is not among the variables that main() sets back. */
#define MOST_CALLS 4096
static struct { bool free; u64 start, end; } *calls;
static struct { u64 start, end; u32 flags; } *told;
static struct span *gifts;
static double *out;
static u64 n_calls, n_told, n_gifts, n_failures, n_memory_failures;
static u32 low_pages[256 / 32], handed_over[256 / 32];
static bool given_twice;
static jmp_buf died;
char *ram;
bool slab_is_up;
u64 beyond_ram;

#define RAM_BYTES (1ULL << 33)
#define BEYOND_RAM (RAM_BYTES - (1ULL << 30))

/* A region that memblock_dump() prints, at the end of e820__memblock_setup(). */
static void note_region(va_list args)
{
	bool is_reserved = !strcmp(va_arg(args, const char *), "reserved");

	va_arg(args, int);
	told[n_told].start = *va_arg(args, u64 *);
	told[n_told].end = *va_arg(args, u64 *) + 1;
	va_arg(args, u64 *);
	va_arg(args, const char *);
	told[n_told].flags = va_arg(args, u32);
	n_told += is_reserved && told[n_told].end > SZ_1M && n_told < MOST_CALLS - 1;
}

/* What memblock-log.ts reads: regions, and "%s: [%pa-%pa] …" with a function's name. */
void note(const char *format, ...)
{
	va_list args;
	const char *name;

	va_start(args, format);
	if (!strncmp(format, " %s[%#x]", 8))
		return note_region(args);
	name = va_arg(args, const char *);
	if (!strncmp(format, "memblock: Failed to double", 26))
		(*(strcmp(name, "memory") ? &n_failures : &n_memory_failures))++;
	if (strncmp(format, "%s: [%pa-%pa]", 13))
		return va_end(args);
	bool reserves = !strcmp(name, "memblock_reserve") || !strcmp(name, "__memblock_reserve");
	bool frees = !strcmp(name, "memblock_free") || !strcmp(name, "memblock_phys_free");

	if (n_calls < MOST_CALLS && (reserves || frees)) {
		calls[n_calls].free = frees;
		calls[n_calls].start = *va_arg(args, u64 *);
		calls[n_calls].end = *va_arg(args, u64 *) + 1;
		n_calls += calls[n_calls].start < SZ_1M;
	}
	va_end(args);
}

void panic(const char *format, ...)
{
	longjmp(died, 1);
}

void give_pages(u64 start, u64 end)
{
	struct span pages = { PFN_UP(start), PFN_DOWN(end) };

	if (pages.start >= pages.end || n_gifts == MOST_CALLS)
		return;
	for (u64 i = 0; i < n_gifts; i++)
		given_twice |= gifts[i].start < pages.end && pages.start < gifts[i].end;
	gifts[n_gifts++] = pages;
	for (u64 page = pages.start; page < pages.end && page < 256; page++)
		low_pages[page / 32] |= 1U << page % 32;
}

static void hand_over(void)
{
	phys_addr_t start, end;
	u64 i;

	for_each_free_mem_range(i, NUMA_NO_NODE, MEMBLOCK_NONE, &start, &end, NULL)
		give_pages(start, end);
	memcpy(handed_over, low_pages, sizeof(low_pages));
}

static void parse_early_param(void)
{
	char line[COMMAND_LINE_SIZE], *rest = strcpy(line, given.cmdline), *word;

	early_memblock("debug");
	while ((word = strsep(&rest, " ")) && strcmp(word, "--")) {
		char *value = strchr(word, '=');

		if (value)
			*value++ = 0;
		if (!strcmp(word, "efi"))
			parse_efi_cmdline(value);
		else if (!strcmp(word, "noefi"))
			setup_noefi(value);
		else if (!strcmp(word, "movable_node"))
			movable_node = true;
		else if (!strcmp(word, "memmap"))
			parse_memmap_opt(value);
		else if (!strcmp(word, "kernelcore"))
			mirrored_kernelcore = value && !strcmp(value, "mirror");
		else if (!strcmp(word, "bgrt_disable") || (!strcmp(word, "acpi") && value && !strcmp(value, "off")))
			given.bgrt.end = 0;
		else if (!strcmp(word, "add_efi_memmap"))
			setup_add_efi_memmap(value);
#ifdef HAVE_parse_reservelow
		else if (!strcmp(word, "reservelow"))
			parse_reservelow(value);
#endif
	}
}

static void boot(void)
{
	setup_arch_steps();
	hand_over();
	slab_is_up = true;
	/* As in start_kernel() and kernel_init_freeable(). */
	if (efi_enabled(EFI_RUNTIME_SERVICES))
		__efi_enter_virtual_mode();
	memblock_discard();
	efi_free_boot_services();
}

/* A table of ESRT, MOK variables or a picture lies where it is said to; its size is in it. */
static void write_tables(void)
{
	struct efi_system_resource_table *esrt = __va(given.esrt.start);
	struct efi_mokvar_table_entry *entry = __va(given.mokvar.start);
	u64 size = given.mokvar.end - given.mokvar.start, entry_size = sizeof(*entry);

	if (size) {
		memset(entry, 0, size);
		if (size > entry_size) {
			entry->name[0] = 'M';
			entry->data_size = size - 2 * entry_size;
		}
		memset((char *)entry + size - entry_size, 0, entry_size);
	}
	if (given.esrt.end) {
		memset(esrt, 0, sizeof(*esrt));
		esrt->fw_resource_count = (given.esrt.end - given.esrt.start - sizeof(*esrt)) /
					  sizeof(struct efi_system_resource_entry_v1);
		esrt->fw_resource_version = 1;
	}
	if (given.bgrt.end)
		*(u16 *)__va(given.bgrt.start) = 0x4d42;
	efi.esrt = given.esrt.end ? given.esrt.start : EFI_INVALID_TABLE_ADDR;
	efi.mokvar_table = given.mokvar.end ? given.mokvar.start : EFI_INVALID_TABLE_ADDR;
}

static const double *take_spans(struct span *spans, u64 count, const double *from)
{
	for (u64 i = 0; i < count; i++, from += 2)
		spans[i] = (struct span){ from[0], from[1] };
	return from;
}

/* In the order of numbersOf() in oracle-process.ts. */
static void take_machine(const double *from)
{
	efi_memory_desc_t *md;
	u64 map;

	given.svam_fails = *from++;
	given.snb_graphics = *from++;
	disable_runtime = *from++;
	given.trampoline_bytes = *from++;
	*(u16 *)__va(0x40e) = *from++;
	*(u16 *)__va(0x413) = *from++;
	from = take_spans(&given.kernel, 1, from);
	from = take_spans(&given.esrt, 1, from);
	from = take_spans(&given.mokvar, 1, from);
	from = take_spans(&given.bgrt, 1, from);
	map = *from++;
	given.n_early = *from++;
	given.early = malloc(given.n_early * sizeof(struct span));
	from = take_spans(given.early, given.n_early, from);
	given.n_e820 = *from++;
	given.e820 = from;
	from += 3 * given.n_e820;
	for (u64 i = 0; i < given.n_e820 && i < E820_MAX_ENTRIES_ZEROPAGE; i++) {
		const double *row = given.e820 + 3 * i;

		boot_params.e820_table[i] = (struct boot_e820_entry){ row[0], (u64)row[1] - (u64)row[0], row[2] };
		boot_params.e820_entries++;
	}
	given.n_efi = *from++;
	md = __va(map);
	memset(md, 0, 48 * given.n_efi);
	for (u64 i = 0; i < given.n_efi; i++, from += 5, md = (void *)md + 48) {
		md->type = from[0];
		md->phys_addr = from[1];
		md->num_pages = from[2];
		md->attribute = (u64)from[3] << 32 | (u64)from[4];
	}
	boot_params.efi_info = (struct efi_info){ 0, 0, map, map >> 32, 48 * given.n_efi, 48, 1 };
	if (given.n_efi)
		efi.flags = 1 << EFI_BOOT | 1 << EFI_64BIT | 1 << EFI_CONFIG_TABLES;
	for (u64 i = 0; from[i] && i < COMMAND_LINE_SIZE - 1; i++)
		given.cmdline[i] = from[i];
	write_tables();
}

static void print_result(bool has_died)
{
	double *to = out + 1;

	*to++ = has_died;
	*to++ = given_twice;
	*to++ = real_mode_header ? (double)__pa(real_mode_header) : -1;
	*to++ = reserved_max;
	*to++ = memory_max;
	*to++ = memblock.reserved.max;
	*to++ = n_failures;
	*to++ = n_memory_failures;
	for (u64 i = 0; i < ARRAY_SIZE(low_pages); i++)
		*to++ = handed_over[i];
	for (u64 i = 0; i < ARRAY_SIZE(low_pages); i++)
		*to++ = low_pages[i];
	*to++ = n_calls;
	for (u64 i = 0; i < n_calls; i++) {
		*to++ = calls[i].free;
		*to++ = calls[i].start;
		*to++ = calls[i].end;
	}
	*to++ = n_told;
	for (u64 i = 0; i < n_told; i++) {
		*to++ = told[i].start;
		*to++ = told[i].end;
		*to++ = told[i].flags;
	}
	out[0] = to - out - 1;
	fwrite(out, sizeof(*out), to - out, stdout);
}

int main(void)
{
	extern char __data_start[], end[];
	size_t size = end - __data_start;
	char *fresh = malloc(size);
	double count, *numbers = NULL;

	ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ram == MAP_FAILED)
		return perror("mmap"), 1;
	calls = malloc(MOST_CALLS * sizeof(*calls));
	told = malloc(MOST_CALLS * sizeof(*told));
	gifts = malloc(MOST_CALLS * sizeof(*gifts));
	out = malloc((MOST_CALLS * 6 + 64) * sizeof(*out));
	beyond_ram = BEYOND_RAM;
	x86_platform.legacy.reserve_bios_regions = true;
	x86_platform.realmode_reserve = reserve_real_mode;
	x86_init.resources.realmode_limit = SZ_1M;
	x86_init.resources.memory_setup = e820__memory_setup_default;
	/* Each machine finds all variables of the kernel as a fresh one does. */
	memcpy(fresh, __data_start, size);
	while (fread(&count, sizeof(count), 1, stdin)) {
		numbers = realloc(numbers, count * sizeof(*numbers));
		if (fread(numbers, sizeof(*numbers), count, stdin) != count)
			return 1;
		memcpy(__data_start, fresh, size);
		take_machine(numbers);
		bool has_died = setjmp(died);
		if (!has_died)
			boot();
		print_result(has_died);
		free(given.early);
	}
	return 0;
}
