import { CopyText } from '../recipes/copy-text.tsx';
import type { Recipe } from '../recipes/use-recipes.ts';

/** What to type where nothing is there yet. */
export function FirstPush({ recipes, lead }: { readonly recipes: readonly Recipe[]; readonly lead: string }) {
  return (
    <section class="card first" aria-labelledby="first">
      <h2 id="first">Push the first package</h2>
      <p>{lead}</p>
      {recipes.map(({ id, title, text }) => (
        <>
          <h3>{title}</h3>
          <CopyText id={`first-${id}`} label={`With ${title}`} text={text} />
        </>
      ))}
      <p class="note">Name, version and architecture are read from the package itself.</p>
    </section>
  );
}
