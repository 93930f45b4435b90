import type { ListedRepository } from '../../../repository/service/catalog.ts';
import type { ListedSnapshot } from '../../../repository/service/snapshots.ts';
import { byHeld } from '../frame/held.ts';
import { placeBeside, repositoryLink, type RepositoryPlace } from '../frame/page-links.ts';
import { formatCount } from '../frame/page-text.tsx';

interface NavProps {
  readonly place: RepositoryPlace;
  readonly architecture: string;
  /** Where the place is one. */
  readonly snapshot: ListedSnapshot | undefined;
  /** Of the whole image; undefined where this caller may not list them. */
  readonly repositories: readonly ListedRepository[] | undefined;
  /** Where the image's own page is. */
  readonly imageHref: string;
}

/** Branches beside this one that are named. */
const maxOthers = 12;

/** The ways to the other branches, and to the other repositories of this one. */
export function PlaceSwitch({ place, repositories = [], imageHref }: NavProps) {
  const { branch, repository } = place.at;
  const byName = new Intl.Collator('en', { numeric: true }).compare;
  const branches = [...new Set(repositories.map((one) => one.branch))].toSorted(byName);
  const beside = repositories.filter((one) => one.branch === branch).map((one) => one.repository);
  const inBranch = (other: string) => {
    const there = repositories.filter((one) => one.branch === other).map((one) => one.repository);
    return there.includes(repository) ? repository : (there.toSorted(byName)[0] ?? repository);
  };
  return (
    <>
      <Switch
        label="Branch"
        current={branch}
        names={branches}
        hrefOf={(other) => placeBeside(place, other, inBranch(other)).path}
        moreHref={imageHref}
      />
      <Switch
        label="Repository"
        current={repository}
        names={beside.toSorted(byName)}
        hrefOf={(other) => placeBeside(place, branch, other).path}
        moreHref={imageHref}
      />
    </>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly current: string;
  readonly names: readonly string[];
  readonly hrefOf: (name: string) => string;
  readonly moreHref: string;
}

function Switch({ label, current, names, hrefOf, moreHref }: SwitchProps) {
  if (names.length < 2) return <></>;
  const shown = names.filter((name, i) => i < maxOthers || name === current);
  return (
    <nav aria-label={label} class="switch">
      <span aria-hidden="true">{label}</span>
      <ul>
        {shown.map((name) => (
          <li>
            <a href={hrefOf(name)} aria-current={name === current ? 'page' : undefined}>
              {name}
            </a>
          </li>
        ))}
        {shown.length < names.length && (
          <li>
            <a href={moreHref}>all {names.length}</a>
          </li>
        )}
      </ul>
    </nav>
  );
}

/** The architectures by how much they hold. */
export function ArchitectureTabs(
  props: NavProps & { readonly q?: string | undefined; readonly order?: string | undefined },
) {
  const { place, architecture, snapshot, q, order } = props;
  const held = heldHere(props);
  if (held === undefined) return <ArchitectureForm {...props} />;
  if (held.size < 2) return <></>;
  return (
    <nav aria-label="Architectures">
      <ul class="tabs">
        {byHeld(held).map((arch) => (
          <li>
            <a
              href={repositoryLink(place, { arch, q, order })}
              aria-current={arch === architecture ? 'page' : undefined}
            >
              {arch} {snapshot === undefined && <span class="count">{formatCount(held.get(arch) ?? 0)}</span>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** How much there is of each architecture; of a snapshot only which there are. Undefined where this caller may not list. */
function heldHere({ place, snapshot, repositories }: NavProps): ReadonlyMap<string, number> | undefined {
  if (snapshot !== undefined) return new Map(snapshot.architectures.map((architecture) => [architecture, 0]));
  const { branch, repository } = place.at;
  const here = repositories?.find((one) => one.branch === branch && one.repository === repository);
  return repositories && (here?.held ?? new Map<string, number>());
}

/** For those who may read but not list: what other architectures there are is not known to them. */
function ArchitectureForm({ place, architecture }: Pick<NavProps, 'place' | 'architecture'>) {
  return (
    <form class="inline" method="get" action={place.path}>
      <p class="note">
        The registry lets you read this image but not list its tags, so you see the index as it was stored, and other
        architectures only by name.
      </p>
      <label>
        <span>Architecture</span>
        <input type="text" name="arch" value={architecture} required autocapitalize="none" spellcheck={false} />
      </label>
      <button type="submit">Show</button>
    </form>
  );
}
