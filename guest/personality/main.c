/* SPDX-License-Identifier: MIT */
#include "personality.h"

#define HOLD_POLL_MICROSECONDS 2000

EFI_SYSTEM_TABLE *system_table;
EFI_BOOT_SERVICES *boot_services;

/* Static data is in one section with the code's own: no relocation is needed to find it. */
static struct layout layout;

static void say(const char *word) {
  report(word);
  report_end();
}

static int is_held(void) {
  char hold = 0;
  return fw_cfg_read("opt/sub1m/hold", &hold, 1) == 1 && hold == '1';
}

/*
 * Waits as long as the host wants. What fw_cfg holds changes when the state of this machine, saved while it waits,
 * goes on in another QEMU: perhaps in the middle of a read, so that only the next tells.
 */
static void wait_for_host(EFI_HANDLE image) {
  if (!is_held() || !has_kernel_loader()) return;
  say("hold");
  while (is_held() || is_held()) boot_services->Stall(HOLD_POLL_MICROSECONDS);
  say("go");
  start_kernel_loader(image);
}

/* The last that boot services see: what the kernel is given. */
static void EFIAPI on_exit_boot_services(void *event, void *context) {
  (void)event;
  (void)context;
  report_memory_map("exit", UINT64_MAX);
  report_bios_data();
  report_tags();
  say("done");
}

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table) {
  system_table = table;
  boot_services = table->BootServices;
  say("sub1m-personality 1");
  wait_for_host(image);
  if (!read_layout(&layout)) return EFI_LOAD_ERROR;
  if (watch_memory_map() != EFI_SUCCESS) {
    report_error("memory map: no memory", 0);
    return EFI_LOAD_ERROR;
  }
  report_ranges(&layout);
  report_memory_map("before", SZ_1M);
  take_pages(&layout);
  pull_levers(&layout);
  hook_memory_map(&layout);
  report_memory_map("after", SZ_1M);
  void *event;
  EFI_STATUS status = boot_services->CreateEvent(EVT_SIGNAL_EXIT_BOOT_SERVICES, TPL_CALLBACK, on_exit_boot_services,
                                                 NULL, &event);
  if (status != EFI_SUCCESS) report_error("exit: no event, status", status);
  say("ready");
  return EFI_SUCCESS;
}
