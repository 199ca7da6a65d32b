/* SPDX-License-Identifier: MIT */
/*
 * What the host gives the driver: the fw_cfg file opt/sub1m/layout (harness/firmware/layout-blob.ts writes it).
 * Little-endian: a header, then ranges, then islands.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdint.h>

#define LAYOUT_MAGIC "sub1mlay"
#define LAYOUT_VERSION 1
#define LAYOUT_MAX_SIZE 8192
#define LOW_PAGES 256
#define SZ_1M 0x100000ULL
/* From here to 1 MiB there is no RAM that firmware could allocate. */
#define ISA_HOLE_PFN 0xa0
/* A range that is not in the memory map at all. */
#define TYPE_HOLE 0xffffffffU

enum {
  LAYOUT_BDA = 1 << 0,        /* write ebda_segment and base_memory_kib */
  LAYOUT_ESRT = 1 << 1,       /* an EFI System Resource Table in boot services data */
  LAYOUT_BGRT = 1 << 2,       /* an ACPI BGRT whose image is in boot services data */
  LAYOUT_SVAM_FAILS = 1 << 3, /* SetVirtualAddressMap() fails */
};

struct layout_header {
  char magic[8];
  uint32_t version;
  uint32_t size; /* of all, in bytes */
  uint32_t crc32; /* of all, with 0 here */
  uint32_t flags;
  uint16_t ebda_segment;    /* for 0x40e */
  uint16_t base_memory_kib; /* for 0x413 */
  uint16_t nr_ranges;
  uint16_t nr_islands;
};

/* Ascending, without overlap, below 1 MiB. */
struct layout_range {
  uint16_t first_pfn;
  uint16_t nr_pages;
  uint32_t type; /* EFI_MEMORY_TYPE or TYPE_HOLE */
  uint32_t tag;  /* 1: fill the pages */
};

/* Single pages above 1 MiB, a step apart. */
struct layout_islands {
  uint64_t start;
  uint64_t step;
  uint32_t count;
  uint32_t type;
};

#endif
