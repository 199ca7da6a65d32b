/* SPDX-License-Identifier: GPL-2.0-only */
/* What needs the kernel's own types, which are above: stand-ins for all that a machine or a page table does. */

/* One machine, as the harness gives it. */
struct span { u64 start, end; };
static struct {
	struct span kernel, esrt, mokvar, bgrt, *early;
	u64 n_early, n_e820, n_efi, trampoline_bytes;
	const double *e820;
	bool svam_fails, snb_graphics;
	char cmdline[COMMAND_LINE_SIZE];
} given;

#define _text (given.kernel.start)
#define _end (given.kernel.end)
#define __end_of_kernel_reserve (given.kernel.end)
#define real_mode_blob 0UL
#define real_mode_blob_end (given.trampoline_bytes)
#define boot_command_line given.cmdline

unsigned long max_low_pfn, min_low_pfn, max_pfn;
unsigned long long max_possible_pfn;
struct efi efi;
u64 efi_setup;
static bool disable_runtime;
static int add_efi_memmap, userdef;
static unsigned long efi_systab_phys, efi_runtime, efi_nr_tables, efi_config_table, prop_phys = EFI_INVALID_TABLE_ADDR;
struct real_mode_header *real_mode_header;
static struct e820_table tables[3];
struct e820_table *e820_table = &tables[0], *e820_table_kexec = &tables[1], *e820_table_firmware = &tables[2];
static bool mirrored_kernelcore;
static struct { struct { bool reserve_bios_regions; } legacy; void (*realmode_reserve)(void); } x86_platform;
static struct { struct { u64 realmode_limit; char *(*memory_setup)(void); } resources; } x86_init;

#define e820_print_type(type) ((void)0)
#define e820__print_table(who) ((void)0)
#define early_panic(message) panic(message)
#define efi_mem_desc_lookup __efi_mem_desc_lookup
#define LOWMEMSIZE() 0x9f000
#define arch_tables NULL
#define early_memremap_ro(address, size) __va(address)
#define efi_systab_init(address) 0
#define efi_reuse_config(tables, count) 0
#define efi_config_init(tables) 0
#define efi_runtime_supported() true
#define efi_runtime_disabled() disable_runtime
#define efi_print_memmap() ((void)0)
#define efi_md_typeattr_format(...) ""
#define efi_fake_memmap_early() ((void)0)
#define efi_alloc_page_tables() 0
#define efi_map_region(md) ((void)0)
#define efi_setup_page_tables(address, pages) 0
#define efi_sync_low_kernel_mappings() ((void)0)
#define efi_set_virtual_address_map(...) (given.svam_fails ? EFI_DEVICE_ERROR : EFI_SUCCESS)
#define efi_check_for_embedded_firmwares() ((void)0)
#define efi_native_runtime_setup() ((void)0)
#define efi_thunk_runtime_setup() ((void)0)
#define efi_runtime_update_mappings() ((void)0)
#define efi_delete_dummy_variable() ((void)0)
#define efi_unmap_pages(md) ((void)0)
#define snb_gfx_workaround_needed() given.snb_graphics
#define movable_node_is_enabled() movable_node
/* Asked for once allocations are no longer limited to 1 MiB. */
#define get_max_mapped() (reserved_max = memblock.reserved.max, memory_max = memblock.memory.max, U64_MAX)
static u64 reserved_max, memory_max;
#define memblock_x86_reserve_range_setup_data() ((void)0)
#define reserve_ibft_region() ((void)0)
static bool movable_node;
static void parse_early_param(void);

/* The page allocator takes what memblock gives up late. */
#define memblock_free_late(start, size) give_pages(start, (start) + (size))
#define __memblock_free_late(start, size) give_pages(start, (start) + (size))
#define __free_reserved_area(start, end, poison) give_pages(start, end)
#define free_reserved_area(start, end, poison, name) give_pages(__pa(start), __pa(end))
#define __efi_memmap_alloc_late(size) __pa(take(size))

static void sort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *), void *swap)
{
	qsort(base, count, size, compare);
}

static void early_reserve_initrd(void)
{
	for (u64 i = 0; i < given.n_early; i++)
		memblock_reserve(given.early[i].start, given.early[i].end - given.early[i].start);
}

/* ACPI comes up: efi_bgrt_init() keeps the picture, if it still begins as one. */
static void acpi_boot_init(void)
{
	if (given.bgrt.end && *(u16 *)__va(given.bgrt.start) == 0x4d42 && efi_enabled(EFI_MEMMAP) &&
	    efi_mem_type(given.bgrt.start) == EFI_BOOT_SERVICES_DATA)
		efi_mem_reserve(given.bgrt.start, given.bgrt.end - given.bgrt.start);
}

/* Entries beyond the zero page's come as SETUP_E820_EXT. */
static void parse_setup_data(void)
{
	if (given.n_e820 <= E820_MAX_ENTRIES_ZEROPAGE)
		return;
	for (u64 i = E820_MAX_ENTRIES_ZEROPAGE; i < given.n_e820; i++) {
		const double *row = given.e820 + 3 * i;

		e820__range_add(row[0], (u64)row[1] - (u64)row[0], row[2]);
	}
	e820__update_table(e820_table);
}
