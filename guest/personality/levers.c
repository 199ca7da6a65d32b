/* SPDX-License-Identifier: MIT */
/* What known defects of kernels need beyond a layout. */
#include "personality.h"

#define BDA_EBDA_SEGMENT 0x40e
#define BDA_BASE_MEMORY_KIB 0x413

/* 23.4: EFI System Resource Table, with one entry. */
static const EFI_GUID ESRT_GUID = {0xb122a263, 0x3661, 0x4f68, {0x99, 0x29, 0x78, 0xf8, 0xb0, 0xd6, 0x21, 0x80}};
struct esrt {
  uint32_t count, count_max;
  uint64_t version;
  EFI_GUID class;
  uint32_t type, fw_version, lowest_version, capsule_flags, last_version, last_status;
};

static const EFI_GUID ACPI_TABLE_GUID = {0xffe06bdd, 0x6107, 0x46a6, {0x7b, 0xb2, 0x5a, 0x9c, 0x7e, 0xc5, 0x27, 0x5c}};
/* ACPI specification 6.5, 5.2.23: Boot Graphics Resource Table. */
struct bgrt {
  char signature[4];
  uint32_t length;
  uint8_t revision, checksum;
  char oem_id[6], oem_table_id[8];
  uint32_t oem_revision, creator_id, creator_revision;
  uint16_t version;
  uint8_t status, image_type;
  uint64_t image_address;
  uint32_t offset_x, offset_y;
} __attribute__((packed));

/* The start of a bitmap: all that the kernel reads of it. */
struct bmp_header {
  char magic[2];
  uint32_t size;
} __attribute__((packed));
#define BMP_SIZE 0x1000

void update_crc32(EFI_TABLE_HEADER *header) {
  uint32_t crc = 0;
  header->CRC32 = 0;
  boot_services->CalculateCrc32(header, header->HeaderSize, &crc);
  header->CRC32 = crc;
}

static void *new_pages(uint32_t type, uint64_t count) {
  EFI_PHYSICAL_ADDRESS at = 0;
  if (boot_services->AllocatePages(AllocateAnyPages, type, count, &at) != EFI_SUCCESS) return NULL;
  __builtin_memset((void *)at, 0, count << 12);
  return (void *)at;
}

static void report_lever(const char *name, const void *at, uint64_t size) {
  report(name);
  report_range((uint64_t)at, (uint64_t)at + size);
  report_end();
}

static void set_bios_data(const struct layout_header *header) {
  *(volatile uint16_t *)BDA_EBDA_SEGMENT = header->ebda_segment;
  *(volatile uint16_t *)BDA_BASE_MEMORY_KIB = header->base_memory_kib;
}

void report_bios_data(void) {
  report("bda");
  report_hex(*(volatile uint16_t *)BDA_EBDA_SEGMENT);
  report_hex(*(volatile uint16_t *)BDA_BASE_MEMORY_KIB);
  report_end();
}

static void install_esrt(void) {
  struct esrt *esrt = new_pages(EfiBootServicesData, 1);
  if (!esrt) return report_error("esrt: no memory", 0);
  esrt->count = esrt->count_max = 1;
  esrt->version = 1;
  EFI_STATUS status = boot_services->InstallConfigurationTable(&ESRT_GUID, esrt);
  if (status != EFI_SUCCESS) return report_error("esrt: it cannot be installed, status", status);
  report_lever("esrt", esrt, sizeof(*esrt));
}

static void install_bgrt(void) {
  EFI_ACPI_TABLE_PROTOCOL *acpi = NULL;
  struct bmp_header *image = new_pages(EfiBootServicesData, BMP_SIZE >> 12);
  if (!image) return report_error("bgrt: no memory", 0);
  image->magic[0] = 'B';
  image->magic[1] = 'M';
  image->size = BMP_SIZE;
  struct bgrt table = {"BGRT", sizeof(table), 1, 0, "sub1m ", "sub1m  ", 1, 0, 1, 1, 1, 0, (uint64_t)image, 0, 0};
  for (unsigned i = 0; i < sizeof(table); i++) table.checksum -= ((uint8_t *)&table)[i];
  EFI_STATUS status = boot_services->LocateProtocol(&ACPI_TABLE_GUID, NULL, (void **)&acpi);
  if (status != EFI_SUCCESS) return report_error("bgrt: no ACPI protocol, status", status);
  uint64_t key;
  status = acpi->InstallAcpiTable(acpi, &table, sizeof(table), &key);
  if (status != EFI_SUCCESS) return report_error("bgrt: it cannot be installed, status", status);
  report_lever("bgrt", image, BMP_SIZE);
}

/* mov $EFI_UNSUPPORTED, %rax; ret */
static const uint8_t UNSUPPORTED[] = {0x48, 0xb8, 3, 0, 0, 0, 0, 0, 0, 0x80, 0xc3};

static void break_set_virtual_address_map(void) {
  uint8_t *code = new_pages(EfiRuntimeServicesCode, 1);
  if (!code) return report_error("svam: no memory", 0);
  __builtin_memcpy(code, UNSUPPORTED, sizeof(UNSUPPORTED));
  system_table->RuntimeServices->SetVirtualAddressMap = code;
  update_crc32(&system_table->RuntimeServices->Hdr);
  report_lever("svam", code, sizeof(UNSUPPORTED));
}

static void place_islands(const struct layout_islands *islands) {
  uint32_t got = 0;
  for (uint32_t i = 0; i < islands->count; i++) {
    EFI_PHYSICAL_ADDRESS at = islands->start + i * islands->step;
    if (boot_services->AllocatePages(AllocateAddress, islands->type, 1, &at) == EFI_SUCCESS) got++;
  }
  report("islands");
  report_number(got);
  report_number(islands->count);
  report_end();
}

void pull_levers(const struct layout *layout) {
  uint32_t flags = layout->header->flags;
  for (unsigned i = 0; i < layout->header->nr_islands; i++) place_islands(&layout->islands[i]);
  if (flags & LAYOUT_BDA) set_bios_data(layout->header);
  if (flags & LAYOUT_ESRT) install_esrt();
  if (flags & LAYOUT_BGRT) install_bgrt();
  if (flags & LAYOUT_SVAM_FAILS) break_set_virtual_address_map();
}
