/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's early memory code needs of the rest of the kernel, in user space: small stand-ins for the headers,
 * whose #include lines are taken out. Physical memory is one sparse mapping, `ram`.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint8_t u8, __u8; typedef uint16_t u16, __u16; typedef uint32_t u32, __u32; typedef uint64_t u64, __u64;
typedef int16_t s16;
typedef u64 phys_addr_t, resource_size_t;
typedef struct { u8 b[16]; } guid_t;
typedef int umode_t, atomic_t;
typedef struct pglist_data { int unused; } pg_data_t;
struct list_head { struct list_head *next, *prev; };
struct work_struct { int unused; };
struct kobject { int unused; };
struct completion { int unused; };
struct range { u64 start, end; };

/* Configuration: what decides who owns low memory in a kernel for x86-64 with EFI and kexec. */
#define CONFIG_64BIT 1
#define CONFIG_X86_64 1
#define CONFIG_EFI 1
#define CONFIG_EFI_ESRT 1
#define CONFIG_LOAD_UEFI_KEYS 1
#define CONFIG_MEMORY_HOTPLUG 1
#define CONFIG_X86_RESERVE_LOW 64
#define IS_ENABLED(option) 0
#define MAX_NUMNODES 256
#define NUMA_NO_NODE (-1)
#define E820_MAX_ENTRIES_ZEROPAGE 128
#define BITS_PER_LONG 64
#define COMMAND_LINE_SIZE 2048
#define SMP_CACHE_BYTES 64

#define __init
#define __initdata
#define __initconst
#define __meminit
#define __meminitdata
#define __refdata
#define __ro_after_init
#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __iomem
#define __noreturn
#define __KERNEL__ 1
#define __pure
#define EXPORT_SYMBOL(name)
#define fallthrough __attribute__((fallthrough))

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define SZ_1K 0x400
#define SZ_64K 0x10000
#define SZ_1M 0x100000
#define U64_MAX UINT64_MAX
#define PHYS_ADDR_MAX U64_MAX
#define ALIGN(x, a) (((x) + (a) - 1) & ~((typeof(x))(a) - 1))
#define PAGE_ALIGN(x) ALIGN(x, PAGE_SIZE)
#define round_up(x, a) ALIGN(x, a)
#define round_down(x, a) ((x) & ~((typeof(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((typeof(x))(a) - 1)) == 0)
#define PFN_UP(x) (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(x) ((x) >> PAGE_SHIFT)
#define PFN_PHYS(x) ((phys_addr_t)(x) << PAGE_SHIFT)
#define BIT_ULL(n) (1ULL << (n))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))
#define min(a, b) ({ typeof(a) a_ = (a); typeof(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) ({ typeof(a) a_ = (a); typeof(b) b_ = (b); a_ > b_ ? a_ : b_; })
#define max_t(type, a, b) max((type)(a), (type)(b))
#define clamp(x, low, high) min((typeof(x))max(x, low), high)
#define check_shl_overflow(x, shift, to) ({ typeof(x) x_ = (x); (*(to) = x_ << (shift)) >> (shift) != x_; })
#define simple_strtoull(text, end, base) strtoull(text, end, base)
#define BUILD_BUG_ON(x) ((void)0)
#define numa_valid_node(nid) ((nid) >= 0 && (nid) < MAX_NUMNODES)
#define swap(a, b) do { typeof(a) t_ = (a); (a) = (b); (b) = t_; } while (0)
#define likely(x) (x)
#define unlikely(x) (x)
#define WARN_ON(x) ({ !!(x); })
#define WARN_ON_ONCE(x) WARN_ON(x)
#define WARN_ONCE(x, ...) WARN_ON(x)
#define WARN(x, ...) WARN_ON(x)
#define BUG_ON(x) do { if (x) panic("BUG"); } while (0)
#define BUG() panic("BUG")
#define set_bit(n, word) (*(word) |= 1UL << (n))
#define clear_bit(n, word) (*(word) &= ~(1UL << (n)))
#define test_bit(n, word) ((*(word) >> (n)) & 1)

#define _RET_IP_ 0UL
#define ENOTSUPP 524

/* The log: memblock.c's calls are kept, see oracle.c. */
#define KERN_DEBUG ""
#define KERN_WARNING ""
#define FW_BUG ""
void note(const char *format, ...);
void panic(const char *format, ...) __attribute__((noreturn));
#define printk(...) note(__VA_ARGS__)
#define pr_info(...) note(__VA_ARGS__)
#define pr_cont(...) note(__VA_ARGS__)
#define pr_debug(...) ((void)0)
#define pr_err(...) note(__VA_ARGS__)
#define pr_err_once(...) ((void)0)
#define pr_warn(...) ((void)0)
#define pr_warn_once(...) ((void)0)
#define pr_warn_ratelimited(...) ((void)0)

/* Addresses: the linear mapping is `ram`, and so is every other one. */
extern char *ram;
#define __va(address) ((void *)(ram + (address)))
#define __pa(pointer) ((phys_addr_t)((char *)(pointer) - ram))
#define __pa_symbol(symbol) ((phys_addr_t)(symbol))
#define phys_to_virt(address) __va(address)
#define early_memremap(address, size) __va(address)
#define early_memremap_prot(address, size, protection) __va(address)
#define early_memunmap(pointer, size) ((void)(size))
#define memremap(address, size, flags) __va(address)
#define memunmap(pointer) ((void)0)

/* The page allocator: bytes beyond all RAM, and a mark on each low page that it is given. */
extern bool slab_is_up;
extern u64 beyond_ram;
void give_pages(u64 start, u64 end);
#define slab_is_available() slab_is_up
#define GFP_KERNEL 0
#define GFP_NOWAIT 0
static inline void *take(u64 size)
{
	beyond_ram += PAGE_ALIGN(size);
	return memset(__va(beyond_ram - PAGE_ALIGN(size)), 0, size);
}
#define kmalloc(size, flags) take(size)
#define kzalloc(size, flags) take(size)
#define kfree(pointer) ((void)0)
#define __get_free_pages(flags, order) ((unsigned long)take(PAGE_SIZE << (order)))
#define free_pages(address, order) ((void)0)
#define __free_pages(page, order) ((void)0)
#define kzalloc_node(size, flags, node) take(size)
#define virt_to_phys(pointer) __pa(pointer)
#define dump_stack() ((void)0)
#define get_order(size) 0
#define PHYS_PFN(x) ((x) >> PAGE_SHIFT)
#define pfn_to_page(pfn) NULL
#define page_address(page) NULL
#define kmemleak_free_part_phys(address, size) ((void)0)
#define kmemleak_alloc_phys(...) ((void)0)
#define accept_memory(...) ((void)0)
#define page_init_poison(...) ((void)0)
#define kobject_put(...) ((void)0)
#define kho_scratch_overlap(...) false

/* Nothing here has them: mixed mode, a built-in command line. */
#define builtin_cmdline_added false
#define builtin_cmdline ""
#define efi_is_mixed() false
struct boot_e820_entry { u64 addr, size; u32 type; } __packed;
struct efi_info {
	u32 efi_systab, efi_systab_hi, efi_memmap, efi_memmap_hi, efi_memmap_size, efi_memdesc_size, efi_memdesc_version;
};
static struct {
	struct boot_e820_entry e820_table[E820_MAX_ENTRIES_ZEROPAGE];
	u8 e820_entries;
	u32 alt_mem_k;
	struct { u32 ext_mem_k; } screen_info;
	struct efi_info efi_info;
} boot_params;
