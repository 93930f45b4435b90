import type { Change } from '../../../repository/service/lifecycle.ts';
import { Layout } from '../frame/layout.tsx';
import { countOf, formatBytes, shortened } from '../frame/page-text.tsx';
import type { AskedPromotion, PromotionProps } from './promote-page.tsx';

interface PromotionPageProps extends PromotionProps {
  readonly asked: AskedPromotion;
  readonly change: Change;
  /** The package in the target. */
  readonly href: string;
}

/** Files and notes that are shown: a page has a limit. */
const maxFiles = 50;
const maxNotes = 20;

/** Tells what a promotion would list, with a form that has it done, or what it listed. */
export function PromotionPage(props: PromotionPageProps) {
  const { frame, crumbs, pkg, asked, change, href, place } = props;
  const { name, version } = pkg.entry;
  const { isDryRun, packages, notes } = change;
  const fresh = packages.filter(({ outcome }) => outcome === 'promoted').length;
  const target = placeText(asked, props);
  const title = isDryRun ? 'Promote' : 'Promoted';
  return (
    <Layout frame={frame} title={`${title} ${name} ${version}`} crumbs={[...crumbs, { label: title }]}>
      <h1>
        {isDryRun ? `Promote ${shortened(name, 200)}` : shortened(name, 200)} <small>{shortened(version, 100)}</small>
        {isDryRun && '?'}
      </h1>
      <p class="lead" role="status">
        {fresh === 0
          ? `${target} lists all of it already.`
          : `${target} ${isDryRun ? 'would list' : 'lists'} ${countOf(fresh, 'more file')}.`}
      </p>
      <section class="card ask" aria-labelledby="files">
        <h2 id="files">Files</h2>
        <FileList packages={packages} />
        {notes.slice(0, maxNotes).map((note) => (
          <p class="note">{shortened(note, 1000)}</p>
        ))}
        {isDryRun && asked.isMove && (
          <p class="note">
            What is named is deleted in {place.at.branch}/{place.at.repository} afterwards.
          </p>
        )}
        {isDryRun ? <ConfirmForm {...props} /> : <Ways {...props} href={href} />}
      </section>
    </Layout>
  );
}

function FileList({ packages }: Pick<Change, 'packages'>) {
  const more = packages.length - maxFiles;
  return (
    <ul class="plain">
      {packages.slice(0, maxFiles).map(({ architecture, fileName, size, outcome }) => (
        <li>
          <code>{`${architecture}/${fileName}`}</code>{' '}
          <span class="quiet">{outcome === 'unchanged' ? 'is there already' : formatBytes(size)}</span>
        </li>
      ))}
      {more > 0 && <li>{`and ${countOf(more, 'more file')}`}</li>}
    </ul>
  );
}

/** The same question again, with what was answered. */
function ConfirmForm({ action, asked, change, place }: PromotionPageProps) {
  const { to, withDependencies, isMove, reason } = asked;
  const fields = {
    ...to,
    ...(withDependencies && { dependencies: 'yes' }),
    ...(isMove && { move: 'yes' }),
    ...(reason !== undefined && { reason }),
    confirmed: 'yes',
  };
  const hasWork = isMove || change.packages.some(({ outcome }) => outcome === 'promoted');
  return (
    <form method="post" action={action}>
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <div class="actions">
        {hasWork && <button type="submit">{isMove ? 'Move it' : 'Promote it'}</button>}
        <a class="button quiet" href={action}>
          {hasWork ? 'Ask again' : `Back to ${place.at.branch}/${place.at.repository}`}
        </a>
      </div>
    </form>
  );
}

function Ways({ place, href }: Pick<PromotionPageProps, 'place' | 'href'>) {
  return (
    <p class="actions">
      <a class="button" href={href}>
        See it there
      </a>
      <a class="button quiet" href={place.path}>
        Back to the repository
      </a>
    </p>
  );
}

function placeText({ to }: AskedPromotion, { hasSingleImage, place }: PromotionProps): string {
  const at = `${to.branch}/${to.repository}`;
  return hasSingleImage || to.image === place.at.image ? at : `${at} of ${to.image}`;
}
