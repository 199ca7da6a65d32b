/* SPDX-License-Identifier: MIT */
/* QEMU's docs/specs/fw_cfg.rst, by I/O ports. */
#include "personality.h"

#define FW_CFG_PORT_SEL 0x510
#define FW_CFG_PORT_DATA 0x511
#define FW_CFG_SIGNATURE 0x00
#define FW_CFG_FILE_DIR 0x19
#define FW_CFG_MAX_FILES 4096

struct fw_cfg_file {
  uint8_t size[4], select[2], reserved[2]; /* big-endian */
  char name[56];
};

static void select_item(uint16_t key) {
  __asm__ volatile("outw %0, %1" : : "a"(key), "Nd"((uint16_t)FW_CFG_PORT_SEL));
}

static void read_data(void *buffer, uint64_t size) {
  __asm__ volatile("rep insb" : "+D"(buffer), "+c"(size) : "d"((uint16_t)FW_CFG_PORT_DATA) : "memory");
}

static int is_named(const struct fw_cfg_file *file, const char *name) {
  for (unsigned i = 0; i < sizeof(file->name); i++) {
    if (file->name[i] != name[i]) return 0;
    if (!name[i]) return 1;
  }
  return 0;
}

int fw_cfg_read(const char *name, void *buffer, uint32_t size) {
  char signature[4];
  select_item(FW_CFG_SIGNATURE);
  read_data(signature, sizeof(signature));
  if (signature[0] != 'Q' || signature[1] != 'E' || signature[2] != 'M' || signature[3] != 'U') return -1;
  uint8_t count[4];
  select_item(FW_CFG_FILE_DIR);
  read_data(count, sizeof(count));
  uint32_t nr_files = (uint32_t)count[2] << 8 | count[3];
  for (uint32_t i = 0; i < nr_files && i < FW_CFG_MAX_FILES; i++) {
    struct fw_cfg_file file;
    read_data(&file, sizeof(file));
    if (!is_named(&file, name)) continue;
    uint32_t there = (uint32_t)file.size[0] << 24 | file.size[1] << 16 | file.size[2] << 8 | file.size[3];
    uint32_t length = there < size ? there : size;
    select_item((uint16_t)(file.select[0] << 8 | file.select[1]));
    read_data(buffer, length);
    return (int)length;
  }
  return -1;
}
