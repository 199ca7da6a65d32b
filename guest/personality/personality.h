/* SPDX-License-Identifier: MIT */
/*
 * The personality driver: gives OVMF's memory below 1 MiB the layout that fw_cfg has for it, and says what came of it.
 * Its one rule: whatever it is given, the firmware goes on. Start reading at main.c.
 */
#ifndef PERSONALITY_H
#define PERSONALITY_H

#include "efi.h"
#include "layout.h"

extern EFI_SYSTEM_TABLE *system_table;
extern EFI_BOOT_SERVICES *boot_services;

/* A layout that has been read and found sound. */
struct layout {
  const struct layout_header *header;
  const struct layout_range *ranges;
  const struct layout_islands *islands;
};

/* report.c: lines of words for the host, on a port of their own. */
void report(const char *word);
void report_number(uint64_t number);
void report_hex(uint64_t number);
void report_range(uint64_t start, uint64_t end);
void report_end(void);
void report_error(const char *what, uint64_t found);

/* fw-cfg.c: how many bytes of a fw_cfg file were read into a buffer; negative without such a file. */
int fw_cfg_read(const char *name, void *buffer, uint32_t size);

/* kernel-loader.c: whether the firmware's own driver for the kernel can be started once more, and that. */
int has_kernel_loader(void);
void start_kernel_loader(EFI_HANDLE parent);

/* layout.c: 1 and the layout; or 0, and an error in the report unless no layout is wanted. */
int read_layout(struct layout *layout);

/* memory-map.c: the map that the kernel gets. */
EFI_STATUS watch_memory_map(void);
void hook_memory_map(const struct layout *layout);
/* The type that the firmware has for a page below 1 MiB; TYPE_HOLE if none. */
uint32_t firmware_type(unsigned pfn);
/* A line for each descriptor that begins below the limit. */
void report_memory_map(const char *word, uint64_t limit);

/* pages.c: says what the layout asks for; allocates and tags what the layout has below 640 KiB. */
void report_ranges(const struct layout *layout);
void take_pages(const struct layout *layout);
void report_tags(void);

/* levers.c: what known defects of kernels need. */
void pull_levers(const struct layout *layout);
void report_bios_data(void);
void update_crc32(EFI_TABLE_HEADER *header);

#endif
