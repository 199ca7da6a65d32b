// SPDX-License-Identifier: MIT

/** The options that a kernel's config must have built in (`=y`), and what sub1m needs each for. */
const NEEDED_OPTIONS: Readonly<Record<string, string>> = {
  X86_64: 'the machine has 64 bits',
  EFI: 'the firmware is EFI',
  EFI_STUB: 'OVMF starts the image itself',
  ACPI: 'CPUs and devices are found, the machine is switched off',
  PCI: 'the disks are PCI devices',
  VIRTIO_PCI: 'the disks',
  VIRTIO_BLK: 'the disks',
  SERIAL_8250_CONSOLE: 'the console',
  EARLY_PRINTK: 'what a kernel says before its console is up',
  PRINTK: 'the kernel log',
  BLK_DEV_INITRD: 'the agent is in an initramfs',
  BINFMT_ELF: "the agent's programs",
  BINFMT_SCRIPT: 'the agent',
  DEVTMPFS: 'the agent mounts /dev',
  TMPFS: 'the agent mounts /run',
  PROC_FS: 'the agent mounts /proc',
  SYSFS: 'the agent mounts /sys',
  MAGIC_SYSRQ: 'sysrq makes the kernel panic',
  MAGIC_SYSRQ_SERIAL: 'so does a BREAK on the console',
  KEXEC: 'kexec_load() loads the capture kernel',
  KEXEC_FILE: 'so does kexec_file_load()',
  CRASH_DUMP: 'the capture kernel',
  PROC_VMCORE: '/proc/vmcore',
  RELOCATABLE: 'the capture kernel runs at another address',
};

/** The options without which a kernel runs, and hides what it is to be judged by. */
const SHOWING_OPTIONS: Readonly<Record<string, string>> = {
  KALLSYMS: '/proc/kallsyms',
  KALLSYMS_ALL: 'the addresses of data, such as real_mode_header',
  PROC_PAGE_MONITOR: '/proc/kpageflags',
  FIRMWARE_MEMMAP: '/sys/firmware/memmap',
};

/** What a config lacks of the options that sub1m needs, each as `CONFIG_X (what for)`; a module is not enough. */
export function missingOptions(config: string): string[] {
  return lacking(NEEDED_OPTIONS, config);
}

/** What a config lacks of the options that show what a kernel does, likewise: some promises will be unseen. */
export function hidingOptions(config: string): string[] {
  return lacking(SHOWING_OPTIONS, config);
}

function lacking(options: Readonly<Record<string, string>>, config: string): string[] {
  const lines = new Set(config.split('\n'));
  return Object.entries(options)
    .filter(([name]) => !lines.has(`CONFIG_${name}=y`))
    .map(([name, purpose]) => `CONFIG_${name} (${purpose})`);
}
