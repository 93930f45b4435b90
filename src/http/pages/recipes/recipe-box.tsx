import { CopyText } from './copy-text.tsx';
import type { Recipe } from './use-recipes.ts';

export interface RecipeBoxProps {
  readonly id: string;
  readonly title: string;
  readonly recipes: readonly Recipe[];
  /** Whether the first one is open from the start. */
  readonly isOpen?: boolean | undefined;
}

/** Texts to copy, one open at a time. The script adds the buttons that copy. */
export function RecipeBox({ id, title, recipes, isOpen = false }: RecipeBoxProps) {
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {recipes.map((recipe, i) => (
        <details name={id} open={isOpen && i === 0}>
          <summary>{recipe.title}</summary>
          <CopyText id={`text-${recipe.id}`} label={recipe.title} text={recipe.text} />
          {recipe.note !== undefined && <p class="note">{recipe.note}</p>}
        </details>
      ))}
    </section>
  );
}
