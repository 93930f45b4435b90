import type { Child } from 'hono/jsx';
import { NOARCH } from '../../../apk/architectures.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { Layout, type Crumb, type PageFrame } from '../frame/layout.tsx';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { countOf, formatBytes, shortened } from '../frame/page-text.tsx';
import { lastingOf } from '../frame/page-time.tsx';
import type { ManageVerb } from './verbs.ts';

interface AskPageProps {
  readonly frame: PageFrame;
  readonly crumbs: readonly Crumb[];
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly pkg: ListedPackage;
  readonly verb: ManageVerb;
  /** For how long the file can be fetched afterwards, unless that is refused. */
  readonly deleteGraceMs: number;
  /** Packages of this index that need this very version. */
  readonly dependents: readonly ListedPackage[];
}

const titles: Readonly<Record<ManageVerb, string>> = { withdraw: 'Withdraw', delete: 'Delete' };
const maxDependents = 10;

/** Asks whether to withdraw or delete a file, and names what that does. */
export function AskPage(props: AskPageProps) {
  const { frame, crumbs, place, architecture, pkg, verb, dependents } = props;
  const { name, version } = pkg.entry;
  const title = titles[verb];
  return (
    <Layout frame={frame} title={`${title} ${name} ${version}`} crumbs={[...crumbs, { label: title }]}>
      <h1>
        {title} {shortened(name, 200)} <small>{shortened(version, 100)}</small>?
      </h1>
      <section class="card ask" aria-labelledby="what">
        <h2 id="what">What happens</h2>
        <ul class="plain">
          <li>{whereItGoes(place, pkg)}</li>
          <li>Machines that have it keep it. Other versions stay.</li>
          {dependents.length > 0 && <li>{describe(dependents)}</li>}
          {consequences[verb].map((one) => (
            <li>{one}</li>
          ))}
        </ul>
        <form method="post" action={packageLink(place, architecture, pkg, verb)}>
          <label>
            <span>Why (shown to whoever looks it up)</span>
            <input type="text" name="reason" maxlength={500} autocomplete="off" />
          </label>
          <NowBox {...props} />
          <div class="actions">
            <button type="submit" class="danger">
              {title} it
            </button>
            <a class="button quiet" href={packageLink(place, architecture, pkg)}>
              Keep it
            </a>
          </div>
        </form>
      </section>
    </Layout>
  );
}

const consequences: Readonly<Record<ManageVerb, readonly string[]>> = {
  withdraw: [
    'The registry keeps it, with who withdrew it, when and why. Whoever may push restores it, byte for byte.',
    'A push of the same name is allowed meanwhile.',
  ],
  delete: [
    'Withdraw it instead if it may have to come back.',
    'The space is freed by the first garbage collection after that.',
  ],
};

function whereItGoes({ at: { branch, repository } }: RepositoryPlace, pkg: ListedPackage): Child {
  const index = pkg.architecture === NOARCH ? 'the index of every architecture' : `the index of ${pkg.architecture}`;
  return (
    <>
      <code>{`${branch}/${repository}/${pkg.architecture}/${pkg.fileName}`}</code> ({formatBytes(pkg.size)}) goes from{' '}
      {index} at once.
    </>
  );
}

/** Machines with an older index fetch the file for a while: whether that is to be so. */
function NowBox({ deleteGraceMs }: AskPageProps) {
  if (deleteGraceMs === 0) return <p class="note">Its bytes can’t be fetched from then on.</p>;
  return (
    <>
      <p class="note">
        Machines that have an older index can still fetch its bytes for {lastingOf(deleteGraceMs)}, so that their
        installations don’t fail.
      </p>
      <label class="check">
        <input type="checkbox" name="now" value="yes" />
        <span>Bytes gone at once: nobody fetches them from here any more</span>
      </label>
    </>
  );
}

function describe(dependents: readonly ListedPackage[]): string {
  const names = dependents.slice(0, maxDependents).map(({ entry }) => shortened(entry.name, 60));
  const more = dependents.length > names.length ? ` and ${dependents.length - names.length} more` : '';
  const needs = dependents.length === 1 ? 'depends' : 'depend';
  return `${countOf(dependents.length, 'package')} here ${needs} on it: ${names.join(', ')}${more}.`;
}
