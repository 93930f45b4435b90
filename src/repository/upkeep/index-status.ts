import { contestedTags } from '../live/names.ts';
import type { Look } from '../live/look.ts';
import type { RepositoryStatus } from '../service/upkeep.ts';

/** What a look tells of each index: what it should list, what it lists, and who signed it. */
export function statusOf(seen: Look, comparedAt: Date): RepositoryStatus {
  const statusOfOne = (architecture: string): RepositoryStatus['architectures'][number] => {
    const stored = seen.stored.get(architecture);
    // What foreign keys signed isn't believed, so what it lists isn't known; but it covers the set where its bytes do.
    const isCovering = seen.isCovered(architecture);
    const changes = isCovering ? [] : [...seen.target(architecture).changes];
    const rivals = contestedTags(seen.live, architecture);
    return {
      architecture,
      indexDigest: stored?.manifestDigest,
      count: seen.target(architecture).files.length,
      signers: stored?.signatures.map((signature) => signature.keyName) ?? [],
      comparedAt,
      isCovering,
      rivals,
      missing: changes.flatMap(([name, file]) => (file === undefined ? [] : [name])),
      surplus: changes.flatMap(([name, file]) => (file === undefined ? [name] : [])),
    };
  };
  const isThere = (one: string) => seen.stored.has(one) || seen.target(one).files.length > 0;
  return { architectures: seen.architectures.filter(isThere).map(statusOfOne) };
}
