/* SPDX-License-Identifier: MIT */
/*
 * EDK2 merges neighbours of one type and knows no holes in RAM: GetMemoryMap() is hooked to split the map where
 * the layout does and to leave out its holes. Below 640 KiB the type of a page is always the firmware's own word.
 */
#include "personality.h"

#define MAP_PAGES 64
#define MAP_BYTES (MAP_PAGES << 12)

struct page {
  uint32_t type;
  uint64_t attribute;
};

static EFI_GET_MEMORY_MAP firmware_get_memory_map;
static const struct layout *shown_layout;
static struct page firmware_pages[LOW_PAGES];
static uint8_t *firmware_map;
static uint64_t map_key;
static uint32_t map_version;

/* The map as the kernel gets it. */
static struct {
  uint8_t *descriptors;
  uint64_t count, descriptor_size;
} shown;

static const EFI_MEMORY_DESCRIPTOR *descriptor_at(const uint8_t *descriptors, uint64_t index) {
  return (const EFI_MEMORY_DESCRIPTOR *)(descriptors + index * shown.descriptor_size);
}

static uint64_t end_of(const EFI_MEMORY_DESCRIPTOR *md) {
  return md->PhysicalStart + (md->NumberOfPages << 12);
}

static void show(uint32_t type, uint64_t attribute, uint64_t start, uint64_t end) {
  if (end <= start || (shown.count + 1) * shown.descriptor_size > MAP_BYTES) return;
  EFI_MEMORY_DESCRIPTOR *next = (EFI_MEMORY_DESCRIPTOR *)descriptor_at(shown.descriptors, shown.count++);
  next->Type = type;
  next->PhysicalStart = start;
  next->VirtualStart = 0;
  next->NumberOfPages = (end - start) >> 12;
  next->Attribute = attribute;
}

static void show_runs(const struct page *pages, unsigned first, unsigned end) {
  while (first < end) {
    unsigned next = first + 1;
    while (next < end && pages[next].type == pages[first].type && pages[next].attribute == pages[first].attribute) next++;
    if (pages[first].type != TYPE_HOLE)
      show(pages[first].type, pages[first].attribute, (uint64_t)first << 12, (uint64_t)next << 12);
    first = next;
  }
}

static void show_low(void) {
  static struct page pages[LOW_PAGES];
  __builtin_memcpy(pages, firmware_pages, sizeof(pages));
  unsigned done = 0, nr_ranges = shown_layout ? shown_layout->header->nr_ranges : 0;
  for (unsigned i = 0; i < nr_ranges; i++) {
    const struct layout_range *range = &shown_layout->ranges[i];
    unsigned first = range->first_pfn, end = first + range->nr_pages;
    for (unsigned pfn = first; pfn < end; pfn++) {
      if (range->type == TYPE_HOLE) pages[pfn].type = TYPE_HOLE;
      else if (pfn >= ISA_HOLE_PFN) pages[pfn] = (struct page){range->type, EFI_MEMORY_CACHEABLE};
    }
    show_runs(pages, done, first);
    show_runs(pages, first, end);
    done = end;
  }
  show_runs(pages, done, LOW_PAGES);
}

/* Sorts a descriptor of the firmware's into the pages below 1 MiB and what is above. */
static void split_at_1m(const EFI_MEMORY_DESCRIPTOR *md) {
  for (uint64_t at = md->PhysicalStart; at < end_of(md) && at < SZ_1M; at += 1 << 12)
    firmware_pages[at >> 12] = (struct page){md->Type, md->Attribute};
}

static EFI_STATUS shape(void) {
  uint64_t size = MAP_BYTES;
  EFI_STATUS status = firmware_get_memory_map(&size, firmware_map, &map_key, &shown.descriptor_size, &map_version);
  if (status != EFI_SUCCESS) return status;
  uint64_t count = size / shown.descriptor_size;
  for (unsigned pfn = 0; pfn < LOW_PAGES; pfn++) firmware_pages[pfn] = (struct page){TYPE_HOLE, 0};
  for (uint64_t i = 0; i < count; i++) split_at_1m(descriptor_at(firmware_map, i));
  shown.count = 0;
  show_low();
  for (uint64_t i = 0; i < count; i++) {
    const EFI_MEMORY_DESCRIPTOR *md = descriptor_at(firmware_map, i);
    show(md->Type, md->Attribute, md->PhysicalStart < SZ_1M ? SZ_1M : md->PhysicalStart, end_of(md));
  }
  return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI get_memory_map(uint64_t *size, void *map, uint64_t *key, uint64_t *descriptor_size,
                                        uint32_t *version) {
  if (!size) return EFI_INVALID_PARAMETER;
  EFI_STATUS status = shape();
  if (status != EFI_SUCCESS) return status;
  if (descriptor_size) *descriptor_size = shown.descriptor_size;
  if (version) *version = map_version;
  if (key) *key = map_key;
  uint64_t needed = shown.count * shown.descriptor_size, room = *size;
  *size = needed;
  if (room < needed) return EFI_BUFFER_TOO_SMALL;
  if (!map) return EFI_INVALID_PARAMETER;
  __builtin_memcpy(map, shown.descriptors, needed);
  return EFI_SUCCESS;
}

EFI_STATUS watch_memory_map(void) {
  EFI_PHYSICAL_ADDRESS at = 0;
  EFI_STATUS status = boot_services->AllocatePages(AllocateAnyPages, EfiBootServicesData, 2 * MAP_PAGES, &at);
  firmware_map = (uint8_t *)at;
  shown.descriptors = firmware_map + MAP_BYTES;
  firmware_get_memory_map = boot_services->GetMemoryMap;
  return status;
}

void hook_memory_map(const struct layout *layout) {
  shown_layout = layout;
  boot_services->GetMemoryMap = get_memory_map;
  update_crc32(&boot_services->Hdr);
}

uint32_t firmware_type(unsigned pfn) {
  return shape() == EFI_SUCCESS ? firmware_pages[pfn].type : TYPE_HOLE;
}

void report_memory_map(const char *word, uint64_t limit) {
  if (shape() != EFI_SUCCESS) return;
  for (uint64_t i = 0; i < shown.count; i++) {
    const EFI_MEMORY_DESCRIPTOR *md = descriptor_at(shown.descriptors, i);
    if (md->PhysicalStart >= limit) continue;
    report(word);
    report_range(md->PhysicalStart, end_of(md));
    report_number(md->Type);
    report_hex(md->Attribute);
    report_end();
  }
}
