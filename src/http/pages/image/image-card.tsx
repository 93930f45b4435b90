import type { ListedRepository } from '../../../repository/service/catalog.ts';
import { Figures } from '../frame/figures.tsx';
import { architecturesOf, heldTogether } from '../frame/held.ts';

/** Architectures that a card names. */
const maxArchitectures = 6;

interface ImageCardProps {
  readonly name: string;
  readonly href: string;
  /** Undefined where they couldn't be had in time, or aren't shown to this caller. */
  readonly repositories: readonly ListedRepository[] | undefined;
  readonly now: Date;
}

/** An image among others: its name and what it holds. */
export function ImageCard({ name, href, repositories, now }: ImageCardProps) {
  return (
    <li class="card link">
      <h3>
        <a href={href}>{name}</a>
      </h3>
      {repositories !== undefined && (
        <>
          <Figures held={heldTogether(repositories)} now={now} />
          <Chips names={architecturesOf(repositories)} what="architectures" />
        </>
      )}
    </li>
  );
}

/** Short names beside each other, a few of them. */
export function Chips({ names, what }: { readonly names: readonly string[]; readonly what: string }) {
  if (names.length === 0) return <></>;
  return (
    <ul class="chips" aria-label={what}>
      {names.slice(0, maxArchitectures).map((name) => (
        <li>{name}</li>
      ))}
      {names.length > maxArchitectures && <li>{names.length - maxArchitectures} more</li>}
    </ul>
  );
}
