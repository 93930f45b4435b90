import { NOARCH } from '../../apk/architectures.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { ImageStore } from '../../store/store.ts';
import { pathOf, type PackageRecord } from '../artifacts/package-manifest.ts';
import { packageProvenance } from '../artifacts/package-provenance.ts';
import { packageSignature, type PackageSignature } from '../artifacts/package-signature.ts';
import { EVERY, type Look, type Scope } from '../live/look.ts';
import { createClaim } from '../publishing/claim.ts';
import { changed } from '../pushing/change-answer.ts';
import { foresee, sortOut } from '../pushing/known-files.ts';
import { proveBytes, putRecords } from '../pushing/put-records.ts';
import type { Work } from '../pushing/work.ts';
import type { Change, ChangedPackage } from '../service/lifecycle.ts';
import type { PromotionOptions } from '../service/promoting.ts';
import { dependencyClosure } from './dependency-closure.ts';
import { withoutMoved } from './moved-before.ts';
import { mountAgain, mountPackages, readPackages } from './mount-packages.ts';
import { listedIn, type Offer, type Offered } from './source-packages.ts';

/** Where packages are taken from. */
export interface Source {
  readonly at: RepositoryCoordinates;
  readonly image: ImageStore;
  readonly offer: Offer;
}

interface Wanted {
  readonly pkg: PackageRecord;
}

/** What came of a promotion at its target. */
export interface Taken {
  readonly change: Change;
  /** The packages that were asked for, not what they need: of a move those that leave the source, or are about to by an earlier one. */
  readonly meant: readonly ChangedPackage[];
}

/**
 * Lists what a source offers in the target too, all or none.
 *
 *     look: are the names free?  ->  mount the layers  ->  manifests, each under a fresh tag  ->  claim the names, publish the index
 */
export async function takePackages(target: Work, source: Source, options: PromotionOptions): Promise<Taken> {
  const { isDryRun = false, withDependencies = false, isMove = false } = options;
  const began = { ms: target.clock.monotonicMs(), at: target.stamp() };
  const before = await target.look(withDependencies || isMove ? [EVERY] : scopeOf(source.offer.chosen));
  const { offer, moved } = isMove ? withoutMoved(source.offer, source.at, before) : { offer: source.offer, moved: [] };
  const { needed, notes } = withDependencies ? neededBy(offer, before) : { needed: [], notes: [] };
  const offered = [...offer.chosen, ...needed];
  const files = wantedOf(offered);
  const scope = scopeOf(files.map(({ pkg }) => pkg));
  const sorted = isDryRun
    ? foresee(before, files)
    : await sortOut(target, before, files, {
        ...{ scope, mayExist: true },
        bringBack: ({ pkg }) => mountAgain(target, source.image, pkg),
      });
  const fresh = sorted.fresh.map(({ pkg }) => pkg);
  if (!isDryRun && fresh.length > 0) {
    await target.time.until(target.signingKeys.ofImageForWriting(target.image, target.time.call()));
    const records = await judged(target, source, fresh, options);
    await mountPackages(target, source.image, records);
    const own = await putRecords(target, records, {
      bringBack: (pkg) => mountAgain(target, source.image, pkg),
      prove: async () => proveBytes(target, await unnamed(target, source, offered, fresh)),
    });
    await target.loop.join(createClaim(target, { image: target.image, own, scope, before, began }), target.time);
  }
  const answered = files.map(({ pkg }) => changed(pkg, fresh.includes(pkg) ? 'promoted' : 'unchanged'));
  const movedBefore = wantedOf(moved).map(({ pkg }) => changed(pkg, 'unchanged'));
  const chosen = new Set(offer.chosen.map(({ pkg }) => pathOf(pkg)));
  return {
    change: { isDryRun, packages: [...answered, ...movedBefore], missing: [], notes },
    meant: [...answered.filter((one) => chosen.has(pathOf(one))), ...movedBefore],
  };
}

/** The architectures whose index a promotion of these packages changes: for noarch all that there are. */
function scopeOf(packages: readonly { readonly architecture: string }[]): Scope {
  const named = new Set(packages.map(({ architecture }) => architecture));
  return named.has(NOARCH) ? [...named, EVERY] : [...named];
}

function wantedOf(packages: readonly Offered[]): readonly Wanted[] {
  const wanted = new Map(packages.map(({ pkg }) => [pathOf(pkg), { pkg }]));
  return [...wanted.values()];
}

/**
 * Packages of which the source shows no tag by now. One that is there has named their bytes all the time, since none ever comes
 * back.
 */
async function unnamed(
  { time }: Work,
  { image }: Source,
  offered: readonly Offered[],
  packages: readonly PackageRecord[],
): Promise<readonly PackageRecord[]> {
  const shown = new Set(await image.tags(time.call()));
  const named = new Set(offered.filter(({ tags }) => tags.some((tag) => shown.has(tag))).map(({ pkg }) => pkg));
  return packages.filter((pkg) => !named.has(pkg));
}

/** What the chosen packages need beside what the target has, in each architecture. */
function neededBy({ chosen, listed }: Offer, before: Look) {
  const there = listedIn(before);
  const needed: Offered[] = [];
  const unmet = new Set<string>();
  for (const [architecture, source] of listed) {
    const own = chosen.filter((one) => source.some(({ pkg }) => pkg === one.pkg));
    const closure = dependencyClosure(own, source, there.get(architecture) ?? there.get(NOARCH) ?? []);
    needed.push(...closure.needed);
    for (const name of closure.unmet) unmet.add(name);
  }
  const elsewhere = [...unmet].sort().join(', ');
  return { needed, notes: elsewhere === '' ? [] : [`needed and in neither repository: ${elsewhere}`] };
}

/** The packages as the target has them: with the verdict of its own rules, and where they came from. */
async function judged(
  target: Work,
  source: Source,
  packages: readonly PackageRecord[],
  { judge }: PromotionOptions,
): Promise<readonly PackageRecord[]> {
  const verdicts = judge?.(await readPackages(target, source.image, packages)) ?? packages.map(unjudged);
  const { image, branch, repository } = source.at;
  const provenance = packageProvenance({
    promotedFrom: `${image}/${branch}/${repository}`,
    promotedBy: target.caller.name,
  });
  return packages.map((pkg, i) => ({ ...pkg, signature: verdicts[i], provenance }));
}

/** A verdict of other rules says nothing here. */
function unjudged({ signature }: PackageRecord): PackageSignature | undefined {
  return signature === undefined || signature.verdict === 'none'
    ? signature
    : packageSignature('unchecked', signature.keyNames);
}
