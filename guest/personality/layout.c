/* SPDX-License-Identifier: MIT */
#include "personality.h"

static uint64_t blob[LAYOUT_MAX_SIZE / 8 + 1];

static int fails(const char *what, uint64_t found) {
  report_error(what, found);
  return 0;
}

static int can_be_allocated(uint32_t type) {
  return type <= EfiPalCode && type != EfiConventionalMemory;
}

static int is_ram(uint32_t type) {
  return type >= EfiLoaderCode && type <= EfiConventionalMemory && type != EfiRuntimeServicesCode &&
         type != EfiRuntimeServicesData;
}

static int ranges_are_sound(const struct layout_range *ranges, unsigned count) {
  unsigned next = 0;
  for (unsigned i = 0; i < count; i++) {
    unsigned first = ranges[i].first_pfn, end = first + ranges[i].nr_pages;
    uint32_t type = ranges[i].type;
    if (first < next) return fails("range: it overlaps the one before, page", first);
    if (end > LOW_PAGES) return fails("range: it ends above 1 MiB, page", end);
    if (end <= first) return fails("range: it is empty, page", first);
    if (type != TYPE_HOLE && type != EfiConventionalMemory && !can_be_allocated(type))
      return fails("range: its memory type cannot be allocated, type", type);
    if (end > ISA_HOLE_PFN && is_ram(type)) return fails("range: RAM above 640 KiB, page", end);
    next = end;
  }
  return 1;
}

static int islands_are_sound(const struct layout_islands *islands, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    if ((islands[i].start | islands[i].step) & 0xfff) return fails("islands: not aligned to pages, start", islands[i].start);
    if (islands[i].start < 0x100000) return fails("islands: they begin below 1 MiB, start", islands[i].start);
    if (!can_be_allocated(islands[i].type)) return fails("islands: their memory type cannot be allocated, type", islands[i].type);
  }
  return 1;
}

static int checksum_is_right(struct layout_header *header, uint32_t size) {
  uint32_t wanted = header->crc32, found = 0;
  header->crc32 = 0;
  boot_services->CalculateCrc32(header, size, &found);
  return found == wanted;
}

int read_layout(struct layout *layout) {
  struct layout_header *header = (struct layout_header *)blob;
  int length = fw_cfg_read("opt/sub1m/layout", blob, LAYOUT_MAX_SIZE + 1);
  if (length < 0) return fails("layout: no fw_cfg file opt/sub1m/layout", 0);
  if (length == 0) return 0;
  if (length < (int)sizeof(*header)) return fails("layout: a header wanted, bytes", (uint64_t)length);
  if (length > LAYOUT_MAX_SIZE) return fails("layout: too large, bytes", (uint64_t)length);
  for (unsigned i = 0; i < sizeof(header->magic); i++)
    if (header->magic[i] != LAYOUT_MAGIC[i]) return fails("layout: not a layout, byte", i);
  if (header->version != LAYOUT_VERSION) return fails("layout: version 1 wanted, version", header->version);
  uint32_t wanted = sizeof(*header) + header->nr_ranges * sizeof(struct layout_range) +
                    header->nr_islands * sizeof(struct layout_islands);
  if (header->size != wanted || header->size != (uint32_t)length) return fails("layout: it is cut, bytes", (uint64_t)length);
  if (!checksum_is_right(header, wanted)) return fails("layout: its checksum is wrong, bytes", (uint64_t)length);
  layout->header = header;
  layout->ranges = (const struct layout_range *)(header + 1);
  layout->islands = (const struct layout_islands *)(layout->ranges + header->nr_ranges);
  return ranges_are_sound(layout->ranges, header->nr_ranges) && islands_are_sound(layout->islands, header->nr_islands);
}
