import { GatewayError } from '../../../errors.ts';

/** Throws FILE_INVALID for what is no `BRANCH/REPOSITORY/[ARCH/]FILE.apk`. */
export function checkFilePath(filePath: string): void {
  const segments = filePath.split('/');
  const isPlain = segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..');
  if (isPlain && (segments.length === 3 || segments.length === 4) && filePath.endsWith('.apk')) return;
  throw new GatewayError(
    'FILE_INVALID',
    `${JSON.stringify(filePath)} is no BRANCH/REPOSITORY/ARCH/FILE.apk, such as edge/main/x86_64/hello-1.0-r0.apk`,
  );
}
