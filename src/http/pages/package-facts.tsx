import type { Child } from 'hono/jsx';
import type { ListedPackage } from '../../repository/repository.ts';
import { Day, formatBytes, WebLink } from './page-text.tsx';

/** What is known of a package, as far as somebody said it. */
export function PackageFacts({
  pkg,
  signers,
}: {
  readonly pkg: ListedPackage;
  readonly signers: readonly string[] | undefined;
}) {
  const { entry } = pkg;
  return (
    <dl class="facts">
      <Fact name="Licence">{entry.license}</Fact>
      <Fact name="Website">{entry.url !== '' && <WebLink url={entry.url} />}</Fact>
      <Fact name="Maintainer">{entry.maintainer}</Fact>
      <Fact name="Architecture">{pkg.architecture}</Fact>
      <Fact name="Installed size">{formatBytes(Number(entry.installedSize))}</Fact>
      <Fact name="Built">{entry.buildTime !== undefined && <Day date={new Date(entry.buildTime * 1000)} />}</Fact>
      <Fact name="Pushed">
        <>
          <Day date={pkg.pushedAt} />
          {pkg.pushedBy !== undefined && ` by ${pkg.pushedBy}`}
        </>
      </Fact>
      <Fact name="Packager">{pkg.packager}</Fact>
      <Fact name="Source package">{entry.origin}</Fact>
      <Fact name="Commit">{entry.commit !== undefined && <code>{entry.commit}</code>}</Fact>
      <Fact name="Signed by">{signers !== undefined && describeSigners(signers)}</Fact>
      <Fact name="SHA-256">
        <code>{pkg.digest.replace('sha256:', '')}</code>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children?: Child }) {
  if (children === undefined || children === false || children === '') return <></>;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The index vouches for the file's hash, so a package needs no signature of its own. */
function describeSigners(signers: readonly string[]): string {
  return signers.length === 0 ? 'nobody itself; the signed index vouches for it' : signers.join(', ');
}
