/* SPDX-License-Identifier: MIT */
/* What the personality driver needs of the UEFI specification 2.10; names and layouts are the specification's. */
#ifndef EFI_H
#define EFI_H

#include <stddef.h>
#include <stdint.h>

#define EFIAPI __attribute__((ms_abi))

typedef uint64_t EFI_STATUS;
typedef void *EFI_HANDLE;
typedef uint64_t EFI_PHYSICAL_ADDRESS;

#define EFI_ERROR_BIT (1ULL << 63)
#define EFI_SUCCESS 0ULL
#define EFI_LOAD_ERROR (EFI_ERROR_BIT | 1)
#define EFI_BUFFER_TOO_SMALL (EFI_ERROR_BIT | 5)
#define EFI_INVALID_PARAMETER (EFI_ERROR_BIT | 2)
#define EFI_NOT_FOUND (EFI_ERROR_BIT | 14)

typedef struct {
  uint32_t data1;
  uint16_t data2, data3;
  uint8_t data4[8];
} EFI_GUID;

/* 4.2 */
typedef struct {
  uint64_t Signature;
  uint32_t Revision, HeaderSize, CRC32, Reserved;
} EFI_TABLE_HEADER;

/* 7.2 */
enum {
  EfiReservedMemoryType,
  EfiLoaderCode,
  EfiLoaderData,
  EfiBootServicesCode,
  EfiBootServicesData,
  EfiRuntimeServicesCode,
  EfiRuntimeServicesData,
  EfiConventionalMemory,
  EfiUnusableMemory,
  EfiACPIReclaimMemory,
  EfiACPIMemoryNVS,
  EfiMemoryMappedIO,
  EfiMemoryMappedIOPortSpace,
  EfiPalCode,
};

enum { AllocateAnyPages, AllocateMaxAddress, AllocateAddress };

/* 7.3: EFI_LOCATE_SEARCH_TYPE */
enum { AllHandles, ByRegisterNotify, ByProtocol };

typedef struct {
  uint32_t Type;
  EFI_PHYSICAL_ADDRESS PhysicalStart;
  uint64_t VirtualStart, NumberOfPages, Attribute;
} EFI_MEMORY_DESCRIPTOR;

/* UC, WC, WT, WB: what OVMF gives its RAM. */
#define EFI_MEMORY_CACHEABLE 0xfULL

/* 7.1 */
#define EVT_SIGNAL_EXIT_BOOT_SERVICES 0x201U
#define TPL_CALLBACK 8ULL

typedef void(EFIAPI *EFI_EVENT_NOTIFY)(void *event, void *context);
typedef EFI_STATUS(EFIAPI *EFI_GET_MEMORY_MAP)(uint64_t *size, void *map, uint64_t *key,
                                               uint64_t *descriptor_size, uint32_t *version);

/* 4.4 */
typedef struct {
  EFI_TABLE_HEADER Hdr;
  void *RaiseTPL, *RestoreTPL;
  EFI_STATUS(EFIAPI *AllocatePages)(uint32_t how, uint32_t type, uint64_t pages, EFI_PHYSICAL_ADDRESS *at);
  EFI_STATUS(EFIAPI *FreePages)(EFI_PHYSICAL_ADDRESS at, uint64_t pages);
  EFI_GET_MEMORY_MAP GetMemoryMap;
  void *AllocatePool;
  EFI_STATUS(EFIAPI *FreePool)(void *buffer);
  EFI_STATUS(EFIAPI *CreateEvent)(uint32_t type, uint64_t tpl, EFI_EVENT_NOTIFY notify, void *context, void **event);
  void *SetTimer, *WaitForEvent, *SignalEvent, *CloseEvent, *CheckEvent;
  void *InstallProtocolInterface, *ReinstallProtocolInterface, *UninstallProtocolInterface;
  EFI_STATUS(EFIAPI *HandleProtocol)(EFI_HANDLE handle, const EFI_GUID *guid, void **interface);
  void *Reserved, *RegisterProtocolNotify, *LocateHandle, *LocateDevicePath;
  EFI_STATUS(EFIAPI *InstallConfigurationTable)(const EFI_GUID *guid, void *table);
  EFI_STATUS(EFIAPI *LoadImage)(uint8_t boot_policy, EFI_HANDLE parent, void *path, void *source, uint64_t size,
                                EFI_HANDLE *image);
  EFI_STATUS(EFIAPI *StartImage)(EFI_HANDLE image, uint64_t *exit_data_size, uint16_t **exit_data);
  void *Exit, *UnloadImage, *ExitBootServices, *GetNextMonotonicCount;
  EFI_STATUS(EFIAPI *Stall)(uint64_t microseconds);
  void *SetWatchdogTimer, *ConnectController, *DisconnectController;
  void *OpenProtocol, *CloseProtocol, *OpenProtocolInformation, *ProtocolsPerHandle;
  EFI_STATUS(EFIAPI *LocateHandleBuffer)(uint32_t how, const EFI_GUID *guid, void *key, uint64_t *count,
                                         EFI_HANDLE **handles);
  EFI_STATUS(EFIAPI *LocateProtocol)(const EFI_GUID *guid, void *registration, void **interface);
  void *InstallMultipleProtocolInterfaces, *UninstallMultipleProtocolInterfaces;
  EFI_STATUS(EFIAPI *CalculateCrc32)(const void *data, uint64_t size, uint32_t *crc);
} EFI_BOOT_SERVICES;

/* 4.5 */
typedef struct {
  EFI_TABLE_HEADER Hdr;
  void *GetTime, *SetTime, *GetWakeupTime, *SetWakeupTime;
  const void *SetVirtualAddressMap;
} EFI_RUNTIME_SERVICES;

/* 4.3 */
typedef struct {
  EFI_TABLE_HEADER Hdr;
  void *FirmwareVendor;
  uint32_t FirmwareRevision;
  void *ConsoleInHandle, *ConIn, *ConsoleOutHandle, *ConOut, *StandardErrorHandle, *StdErr;
  EFI_RUNTIME_SERVICES *RuntimeServices;
  EFI_BOOT_SERVICES *BootServices;
} EFI_SYSTEM_TABLE;

/* 20.1: EFI_ACPI_TABLE_PROTOCOL */
typedef struct EFI_ACPI_TABLE_PROTOCOL {
  EFI_STATUS(EFIAPI *InstallAcpiTable)(struct EFI_ACPI_TABLE_PROTOCOL *self, void *table, uint64_t size, uint64_t *key);
} EFI_ACPI_TABLE_PROTOCOL;

/* Platform Initialization specification 1.7, volume 3, 3.4.1 and 2.1.5. */
#define EFI_SECTION_PE32 0x10
typedef struct EFI_FIRMWARE_VOLUME2_PROTOCOL {
  void *GetVolumeAttributes, *SetVolumeAttributes, *ReadFile;
  EFI_STATUS(EFIAPI *ReadSection)(const struct EFI_FIRMWARE_VOLUME2_PROTOCOL *self, const EFI_GUID *file, uint8_t type,
                                  uint64_t instance, void **buffer, uint64_t *size, uint32_t *authentication);
} EFI_FIRMWARE_VOLUME2_PROTOCOL;

#endif
