import { encode } from '../adb/encode.ts';
import { createPayloadWriter, type PayloadWriter } from '../adb/payload-writer.ts';
import { dependencySchema, packageInfoSchema, type AdbDependency, type AdbPackageInfo } from '../adb/schemas.ts';
import { nullWord } from '../adb/layout.ts';
import { adbRecordOf, createParseToken, type IndexV3Entry } from './index-v3-entry.ts';

/** What an index says of itself. */
export interface IndexV3About {
  readonly description: string;
  /** The path of a package, relative to the index's repository; left out, clients take `${arch}/${name}-${version}.apk`. */
  readonly pkgnameSpec?: string | undefined;
}

// Some milliseconds' work.
const entriesATurn = 50;

/**
 * The payload of an index that lists `entries`, which must be in the order of `compareIndexEntries`; the same entries make the
 * same bytes. It is made in turns, of which each yields: whoever drives it decides what happens between them.
 */
export function* formatIndexV3Payload(
  entries: Iterable<IndexV3Entry>,
  about: IndexV3About,
): Generator<undefined, Uint8Array, undefined> {
  const writer = createPayloadWriter();
  const writeRecord = createRecordWriter(writer);
  const parseToken = createParseToken();
  const description = writer.text(about.description);
  const pkgnameSpec = writer.text(about.pkgnameSpec ?? '');
  const packages: number[] = [];
  for (const entry of entries) {
    packages.push(writeRecord(adbRecordOf(entry, parseToken)));
    if (packages.length % entriesATurn === 0) yield;
  }
  return writer.finish(writer.object([description, writer.array(packages), pkgnameSpec]));
}

type WriteRecord = (record: AdbPackageInfo) => number;

/** The same as `encode`, but quick for 100,000 records: fields are looked up once, and dependencies by the objects they are. */
function createRecordWriter(writer: PayloadWriter): WriteRecord {
  const known = new Map<AdbDependency, number>();
  const writeDependency = (dependency: AdbDependency): number => {
    let word = known.get(dependency);
    if (word === undefined) known.set(dependency, (word = encode(dependencySchema, dependency, writer)));
    return word;
  };
  const writeDependencies = (list: readonly AdbDependency[]): number => writer.array(list.map(writeDependency));
  const writers = Object.entries(packageInfoSchema.fields).map(([name, schema]) => ({
    name: name as keyof AdbPackageInfo,
    write: (schema.kind === 'list' && schema.item === dependencySchema
      ? writeDependencies
      : (value: never) => encode(schema, value, writer)) as (value: AdbPackageInfo[keyof AdbPackageInfo]) => number,
  }));
  return (record) =>
    writer.object(
      writers.map(({ name, write }) => {
        const value = record[name];
        return value === undefined ? nullWord : write(value);
      }),
    );
}
