import { snapshotIn, type RepositoryCoordinates } from '../../../protocol/coordinates.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { Layout, type Crumb, type PageFrame } from '../frame/layout.tsx';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { shortened } from '../frame/page-text.tsx';

/** What a form asks for. */
export interface AskedPromotion {
  readonly to: RepositoryCoordinates;
  readonly withDependencies: boolean;
  readonly isMove: boolean;
  readonly reason: string | undefined;
}

/** What all pages of a promotion know. */
export interface PromotionProps {
  readonly frame: PageFrame;
  readonly crumbs: readonly Crumb[];
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly pkg: ListedPackage;
  /** Where its forms are posted to. */
  readonly action: string;
  readonly hasSingleImage: boolean;
}

/** Asks where one version is to be listed too, and how. */
export function PromotePage({ frame, crumbs, place, architecture, pkg, action, hasSingleImage }: PromotionProps) {
  const { name, version } = pkg.entry;
  const { image, branch, repository } = place.at;
  const isSnapshot = snapshotIn(branch) !== undefined;
  return (
    <Layout frame={frame} title={`Promote ${name} ${version}`} crumbs={[...crumbs, { label: 'Promote' }]}>
      <h1>
        Promote {shortened(name, 200)} <small>{shortened(version, 100)}</small>
      </h1>
      <section class="card ask" aria-labelledby="where">
        <h2 id="where">Where to</h2>
        <ul class="plain">
          <li>Another repository lists the very bytes too, in every architecture that has this version.</li>
          <li>Machines that have it fetch nothing anew. It needs the right to push there.</li>
        </ul>
        <form method="post" action={action}>
          {!hasSingleImage && <PlaceField label="Image" name="image" value={image} maxLength={255} />}
          <PlaceField label="Branch" name="branch" value="" maxLength={64} />
          <PlaceField label="Repository" name="repository" value={repository} maxLength={64} />
          <Choice name="dependencies" label="With what it needs, as far as the target has nothing that will do" />
          {!isSnapshot && <Choice name="move" label={`Delete it in ${branch}/${repository} afterwards`} />}
          <label>
            <span>Why (shown to whoever looks it up)</span>
            <input type="text" name="reason" maxlength={500} autocomplete="off" />
          </label>
          <div class="actions">
            <button type="submit">Show what would happen</button>
            <a class="button quiet" href={packageLink(place, architecture, pkg)}>
              Leave it
            </a>
          </div>
        </form>
      </section>
    </Layout>
  );
}

interface PlaceFieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly maxLength: number;
}

function PlaceField({ label, name, value, maxLength }: PlaceFieldProps) {
  return (
    <label>
      <span>{label}</span>
      <input
        type="text"
        name={name}
        value={value}
        required
        maxlength={maxLength}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
      />
    </label>
  );
}

function Choice({ name, label }: { readonly name: string; readonly label: string }) {
  return (
    <label class="check">
      <input type="checkbox" name={name} value="yes" />
      <span>{label}</span>
    </label>
  );
}
