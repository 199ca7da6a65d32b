// SPDX-License-Identifier: MIT
/** Builds for tests what sub1m takes for the source of a kernel, but compiles in no time. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bzImage } from './bz-image-builder.ts';

/** Like the kernel's: makes `.config` from the fragment that it is given, and the image outside of the tree. */
const MAKEFILE = `allnoconfig:
	cp $(KCONFIG_ALLCONFIG) $(O)/.config
	echo CONFIG_X86_64=y >>$(O)/.config
olddefconfig:
	@echo "  HOSTCC  scripts/kconfig/conf"
bzImage:
	@echo "  CC      init/main.o"
	@sh init/main.sh >&2
	@mkdir -p $(O)/arch/x86/boot
	@cat image init/main.sh >$(O)/arch/x86/boot/bzImage
`;

/** Makes such a tree at `tree`. Compiling runs its `init/main.sh` and appends it to the image. */
export async function writeKernelTree(tree: string, main = 'true\n'): Promise<void> {
  const files = {
    Makefile: MAKEFILE,
    Kbuild: '',
    'arch/x86/Makefile': '',
    'scripts/kconfig/Makefile': '',
    'init/main.sh': main,
    image: bzImage(),
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), content);
  }
}
