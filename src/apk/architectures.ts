/** The architecture of what every machine may install: each other one's index lists it too. */
export const NOARCH = 'noarch';

/** The architectures that Alpine, apko and OpenWrt have names for, those that most machines have first; noarch is none of them. */
export const knownArchitectures: readonly string[] = [
  ...['x86_64', 'aarch64', 'x86', 'armhf', 'armv7', 'ppc64le', 's390x', 'riscv64', 'loongarch64', 'mips64'],
  ...['armeb', 'armel', 'i386', 'i586', 'i686', 'mips', 'mips64el', 'mipsel', 'ppc', 'ppc64', 'riscv32', 'wasm32'],
];
