/* SPDX-License-Identifier: MIT */
#include "personality.h"

/* "sub1m" in its upper bytes, then the page, then the word: no two words below 1 MiB are alike, none is a pointer. */
#define TAG_WORD(pfn, word) (0x7375623100000000ULL | (uint64_t)(pfn) << 16 | (word))
#define WORDS_PER_PAGE 512

/* What became of a page: allocated; taken from the firmware, which had freed or could spare it; had by it already. */
static const char ALLOCATED[] = "allocated", RETAKEN[] = "retaken", HELD[] = "held", DENIED[] = "denied";

static uint8_t is_tagged[LOW_PAGES];

static EFI_STATUS allocate(unsigned pfn, uint32_t type) {
  EFI_PHYSICAL_ADDRESS at = (EFI_PHYSICAL_ADDRESS)pfn << 12;
  return boot_services->AllocatePages(AllocateAddress, type, 1, &at);
}

static int is_boot_services(uint32_t type) {
  return type == EfiBootServicesCode || type == EfiBootServicesData;
}

/* Makes a page the driver's own, of the type that is wanted; conventional memory for as long as it is filled. */
static const char *take(unsigned pfn, uint32_t type) {
  if (allocate(pfn, type) == EFI_SUCCESS) return ALLOCATED;
  uint32_t had = firmware_type(pfn);
  if (had == type) return HELD;
  if (!is_boot_services(had)) return DENIED;
  if (boot_services->FreePages((EFI_PHYSICAL_ADDRESS)pfn << 12, 1) != EFI_SUCCESS) return DENIED;
  return allocate(pfn, type) == EFI_SUCCESS ? RETAKEN : DENIED;
}

static void fill(unsigned pfn) {
  // Page 0 is the BIOS data area: the kernel would take a tag there for wishes of the BIOS.
  if (pfn == 0) return;
  volatile uint64_t *words = (volatile uint64_t *)((uint64_t)pfn << 12);
  for (unsigned i = 0; i < WORDS_PER_PAGE; i++) words[i] = TAG_WORD(pfn, i);
  is_tagged[pfn] = 1;
}

static const char *take_page(unsigned pfn, const struct layout_range *range) {
  int lends = range->type == EfiConventionalMemory;
  uint32_t type = range->type == TYPE_HOLE ? EfiReservedMemoryType : lends ? EfiBootServicesData : range->type;
  if (range->type == TYPE_HOLE && firmware_type(pfn) == TYPE_HOLE) return HELD;
  const char *result = take(pfn, type);
  // As lent memory has this type too, what the firmware holds must be given up like any that it can spare.
  if (lends && result == HELD) result = RETAKEN;
  if (result == DENIED || result == HELD) return result;
  if (lends && boot_services->FreePages((EFI_PHYSICAL_ADDRESS)pfn << 12, 1) != EFI_SUCCESS) return DENIED;
  // Last: firmware may clear what is freed, and until ExitBootServices() most of it stays unused.
  if (range->tag) fill(pfn);
  return result;
}

static void report_run(uint64_t first, uint64_t end, uint32_t type, const char *result) {
  report("got");
  report_range(first << 12, end << 12);
  report_number(type);
  report(result);
  if (result == DENIED) report_number(firmware_type((unsigned)first));
  report_end();
}

void report_ranges(const struct layout *layout) {
  for (unsigned i = 0; i < layout->header->nr_ranges; i++) {
    const struct layout_range *range = &layout->ranges[i];
    report("ask");
    report_range((uint64_t)range->first_pfn << 12, (uint64_t)(range->first_pfn + range->nr_pages) << 12);
    report_number(range->type);
    report_end();
  }
}

void take_pages(const struct layout *layout) {
  for (unsigned i = 0; i < layout->header->nr_ranges; i++) {
    const struct layout_range *range = &layout->ranges[i];
    unsigned first = range->first_pfn, end = first + range->nr_pages;
    if (end > ISA_HOLE_PFN) end = ISA_HOLE_PFN;
    const char *result = 0;
    for (unsigned pfn = first; pfn < end; pfn++) {
      const char *next = take_page(pfn, range);
      if (result && next != result) {
        report_run(first, pfn, range->type, result);
        first = pfn;
      }
      result = next;
    }
    if (result) report_run(first, end, range->type, result);
  }
}

void report_tags(void) {
  for (unsigned pfn = 0; pfn < LOW_PAGES; pfn++) {
    uint32_t crc = 0;
    if (!is_tagged[pfn]) continue;
    boot_services->CalculateCrc32((const void *)((uint64_t)pfn << 12), 1 << 12, &crc);
    report("tag");
    report_hex(pfn);
    report_hex(crc);
    report_end();
  }
}
