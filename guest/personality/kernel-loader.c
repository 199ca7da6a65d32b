/* SPDX-License-Identifier: MIT */
/*
 * OVMF's QemuKernelLoaderFsDxe copies the kernel and the initramfs out of fw_cfg long before option ROMs run. Where the
 * host holds the firmware there is no kernel yet, so that this driver has given up: it is started once more.
 */
#include "personality.h"

/* OvmfPkg/QemuKernelLoaderFsDxe/QemuKernelLoaderFsDxe.inf, FILE_GUID. */
static const EFI_GUID LOADER_FILE = {0x806040ca, 0xdad9, 0x4978, {0xa3, 0xb4, 0x2d, 0x2a, 0xb0, 0xc8, 0xa4, 0x8f}};
static const EFI_GUID FIRMWARE_VOLUME2 = {0x220e73b6, 0x6bdb, 0x4413, {0x84, 0x05, 0xb9, 0x74, 0xb1, 0x08, 0x61, 0x9a}};

static EFI_STATUS read_from(EFI_HANDLE volume, void **image, uint64_t *size) {
  EFI_FIRMWARE_VOLUME2_PROTOCOL *files;
  uint32_t authentication;
  EFI_STATUS status = boot_services->HandleProtocol(volume, &FIRMWARE_VOLUME2, (void **)&files);
  if (status != EFI_SUCCESS) return status;
  *image = NULL;
  return files->ReadSection(files, &LOADER_FILE, EFI_SECTION_PE32, 0, image, size, &authentication);
}

/* The driver's image, in memory to be freed. */
static EFI_STATUS read_loader(void **image, uint64_t *size) {
  EFI_HANDLE *volumes;
  uint64_t count;
  EFI_STATUS status = boot_services->LocateHandleBuffer(ByProtocol, &FIRMWARE_VOLUME2, NULL, &count, &volumes);
  if (status != EFI_SUCCESS) return status;
  status = EFI_NOT_FOUND;
  for (uint64_t i = 0; i < count && status != EFI_SUCCESS; i++) status = read_from(volumes[i], image, size);
  boot_services->FreePool(volumes);
  return status;
}

int has_kernel_loader(void) {
  void *image;
  uint64_t size;
  EFI_STATUS status = read_loader(&image, &size);
  if (status == EFI_SUCCESS) boot_services->FreePool(image);
  else report_error("hold: no QemuKernelLoaderFsDxe, status", status);
  return status == EFI_SUCCESS;
}

void start_kernel_loader(EFI_HANDLE parent) {
  void *image;
  uint64_t size;
  EFI_HANDLE loader;
  EFI_STATUS status = read_loader(&image, &size);
  if (status != EFI_SUCCESS) return report_error("kernel: no QemuKernelLoaderFsDxe, status", status);
  status = boot_services->LoadImage(0, parent, NULL, image, size, &loader);
  boot_services->FreePool(image);
  if (status == EFI_SUCCESS) status = boot_services->StartImage(loader, NULL, NULL);
  /* A machine may have no kernel. */
  if (status != EFI_SUCCESS && status != EFI_NOT_FOUND) report_error("kernel: it cannot be loaded, status", status);
}
