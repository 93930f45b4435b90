import { bytes, integer, listOf, octal, recordOf, script, text, type ValueOf } from './schema.ts';

/** A dependency (docs/adb.md, 4): `match` says how the version is compared. */
export const dependencySchema = recordOf({ name: text, version: text, match: integer });

const dependencies = listOf(dependencySchema);

/** What is said of a package, in itself and in an index. */
export const packageInfoSchema = recordOf({
  name: text,
  version: text,
  hashes: bytes,
  description: text,
  arch: text,
  license: text,
  origin: text,
  maintainer: text,
  url: text,
  repoCommit: bytes,
  buildTime: integer,
  installedSize: integer,
  fileSize: integer,
  providerPriority: integer,
  depends: dependencies,
  provides: dependencies,
  replaces: dependencies,
  installIf: dependencies,
  recommends: dependencies,
  layer: integer,
  tags: listOf(text),
});

/** Owner, permission bits and extended attributes (name, NUL, value). */
export const aclSchema = recordOf({ mode: octal, user: text, group: text, xattrs: listOf(bytes) });

/** A file: with `target` a link or device, else a regular one whose content is in a data block unless it is empty. */
export const fileSchema = recordOf({
  name: text,
  acl: aclSchema,
  size: integer,
  mtime: integer,
  hash: bytes,
  target: bytes,
});

/** A directory with its files; without a name it is the root. */
export const directorySchema = recordOf({ name: text, acl: aclSchema, files: listOf(fileSchema) });

export const scriptsSchema = recordOf({
  trigger: script,
  preInstall: script,
  postInstall: script,
  preDeinstall: script,
  postDeinstall: script,
  preUpgrade: script,
  postUpgrade: script,
});

/** The root of a package. */
export const packageSchema = recordOf({
  info: packageInfoSchema,
  paths: listOf(directorySchema),
  scripts: scriptsSchema,
  triggers: listOf(text),
  replacesPriority: integer,
});

/** The root of an index. */
export const indexSchema = recordOf({ description: text, packages: listOf(packageInfoSchema), pkgnameSpec: text });

export type AdbDependency = ValueOf<typeof dependencySchema>;
export type AdbPackageInfo = ValueOf<typeof packageInfoSchema>;
export type AdbFile = ValueOf<typeof fileSchema>;
export type AdbDirectory = ValueOf<typeof directorySchema>;
export type AdbPackage = ValueOf<typeof packageSchema>;
export type AdbIndex = ValueOf<typeof indexSchema>;
