import type { PackageCatalog } from '../../../repository/catalog/package-catalog.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { countOf } from '../frame/page-text.tsx';

interface LookUp {
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly catalog: PackageCatalog;
  readonly id: string;
  readonly title: string;
}

/** Providers of one token that are named; a virtual name may have thousands. */
const maxProviders = 8;
const maxPackages = 100;
/** Tokens that a page shows; the package and its index have the rest. */
const maxTokens = 100;

/** Dependency tokens, each with what fulfils it here as links; what other repositories have isn't known here. */
export function DependencyList({ tokens, ...lookUp }: LookUp & { readonly tokens: readonly string[] }) {
  if (tokens.length === 0) return <></>;
  return (
    <section aria-labelledby={lookUp.id}>
      <h2 id={lookUp.id}>{lookUp.title}</h2>
      <ul class="dependencies">
        {tokens.slice(0, maxTokens).map((token) => (
          <li>
            <code>{token}</code> <Providers {...lookUp} token={token} />
          </li>
        ))}
      </ul>
      {tokens.length > maxTokens && <p class="note">and {countOf(tokens.length - maxTokens, 'more', 'more')}</p>}
    </section>
  );
}

function Providers({ token, place, architecture, catalog }: LookUp & { readonly token: string }) {
  if (token.startsWith('!')) return <span class="note">conflict</span>;
  const providers = catalog.providersOf(token);
  if (providers.length === 0) return <span class="note">from another repository</span>;
  return (
    <span class="providers">
      {providers.slice(0, maxProviders).map((pkg) => (
        <a href={packageLink(place, architecture, pkg)}>{pkg.entry.name}</a>
      ))}
      {providers.length > maxProviders && <span class="note">and {providers.length - maxProviders} more</span>}
    </span>
  );
}

/** Packages as links. */
export function PackageLinks({
  packages,
  place,
  architecture,
  id,
  title,
}: LookUp & { readonly packages: readonly ListedPackage[] }) {
  if (packages.length === 0) return <></>;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <ul class="tokens">
        {packages.slice(0, maxPackages).map((pkg) => (
          <li>
            <a href={packageLink(place, architecture, pkg)}>{pkg.entry.name}</a>
          </li>
        ))}
      </ul>
      {packages.length > maxPackages && (
        <p class="note">and {countOf(packages.length - maxPackages, 'more', 'more')}</p>
      )}
    </section>
  );
}
