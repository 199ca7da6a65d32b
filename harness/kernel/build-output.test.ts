// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { BuildOutput, firstError, hostAdvice } from './build-output.ts';

describe('firstError()', () => {
  it.each([
    {
      what: 'the first compiler error, not what make said last',
      lines: [
        '  CC      arch/x86/realmode/init.o',
        "../mm/slub.c:12:5: warning: unused variable 'error' [-Wunused-variable]",
        "/src/arch/x86/realmode/init.c: In function 'reserve_real_mode':",
        "/src/arch/x86/realmode/init.c:54:9: error: 'mme' undeclared (first use in this function)",
        "/src/arch/x86/realmode/init.c:60:1: error: expected ';' before '}' token",
        'make[4]: *** [../scripts/Makefile.build:229: arch/x86/realmode/init.o] Error 1',
        'make: *** [Makefile:224: __sub-make] Error 2',
      ],
      found:
        "/src/arch/x86/realmode/init.c:54:9: error: 'mme' undeclared (first use in this function)",
    },
    {
      what: 'a header that is missing',
      lines: [
        'tools/objtool/elf.c:14:10: fatal error: gelf.h: No such file or directory',
        'compilation terminated.',
      ],
      found: 'tools/objtool/elf.c:14:10: fatal error: gelf.h: No such file or directory',
    },
    {
      what: "make's own error in a makefile",
      lines: ['Makefile:12: *** missing separator.  Stop.', 'make: *** [x] Error 2'],
      found: 'Makefile:12: *** missing separator.  Stop.',
    },
    {
      what: 'a symbol that the linker lacks',
      lines: [
        "ld: init.o: in function `init_real_mode': init.c:(.init.text+0x1): undefined reference to `x'",
        'make[2]: *** [vmlinux] Error 1',
      ],
      found:
        "ld: init.o: in function `init_real_mode': init.c:(.init.text+0x1): undefined reference to `x'",
    },
    {
      what: 'a source file that is missing',
      lines: [
        "make[4]: *** No rule to make target 'mm/gone.o', needed by 'mm/built-in.a'.  Stop.",
        'make[3]: *** [mm] Error 2',
      ],
      found: "make[4]: *** No rule to make target 'mm/gone.o', needed by 'mm/built-in.a'.  Stop.",
    },
    {
      what: 'a full disk before all that follows from it',
      lines: [
        'kernel/fork.c:1:1: error: something odd',
        'cc1: fatal error: error writing to /tmp/cc.s: No space left on device',
      ],
      found: 'cc1: fatal error: error writing to /tmp/cc.s: No space left on device',
    },
    { what: 'the last line of what it does not know', lines: ['a', ' b '], found: 'b' },
    { what: 'no line at all', lines: [], found: 'it said nothing' },
  ])('finds $what', ({ lines, found }) => {
    expect(firstError(lines)).toBe(found);
  });
});

describe('BuildOutput', () => {
  it('counts objects and names the last', () => {
    const output = new BuildOutput();
    expect(output.progress).toBe('tools and headers first');
    for (const line of ['  HOSTCC  scripts/x', '  CC      init/main.o', '  AS      arch/x86/a.o'])
      output.add(line);
    expect(output.progress).toBe('2 objects, arch/x86/a.o');
    expect(output.hostAdvice).toBeUndefined();
  });

  it('recognises a full disk', () => {
    const output = new BuildOutput();
    output.add('ld: final close failed: No space left on device');
    expect(output.hostAdvice).toBe('make room and try again');
    expect(output.firstError).toBe('ld: final close failed: No space left on device');
  });
});

describe('what an earlier build left', () => {
  it.each([
    ['ld: init/main.o: file not recognized: file format not recognized', true],
    ['ld: mm/built-in.a(a.o): file not recognized: file truncated', true],
    ['objcopy: vmlinux: file format not recognized', true],
    ["mm/a.c:3:1: error: 'x' undeclared", false],
    ['    3 |   pr_err("ld: file truncated\\n");', false],
  ])('of %s is damaged: %s', (line, isDamaged) => {
    const output = new BuildOutput();
    output.add(line);
    expect(output.hasDamagedObject).toBe(isDamaged);
  });
});

describe('hostAdvice()', () => {
  it.each([
    [
      'error: unable to write file mm/a.c: Disk quota exceeded\nerror: 1',
      'make room and try again',
    ],
    ['gcc: fatal error: Killed signal terminated program cc1', 'free memory and try again'],
    ['make[1]: *** [Makefile:8: vmlinux] Killed', 'free memory and try again'],
    ['cc1: out of memory allocating 65536 bytes', 'free memory and try again'],
    ['virtual memory exhausted: Cannot allocate memory', 'free memory and try again'],
    ['ld: final link failed: memory exhausted', 'free memory and try again'],
    ["mm/a.c:3:1: error: 'x' undeclared", undefined],
    ['    3 |   pr_err("write: No space left on device\\n");', undefined],
  ])('of %s is %s', (said, advice) => {
    expect(hostAdvice(said)).toBe(advice);
  });
});
