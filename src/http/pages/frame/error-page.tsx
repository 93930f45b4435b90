import { STATUS_CODES } from 'node:http';
import { Layout, type PageFrame } from './layout.tsx';
import { withQuery } from './page-links.ts';
import { shortened } from './page-text.tsx';
import type { WaysOut } from './ways-out.ts';

export interface ErrorPageProps {
  readonly frame: PageFrame;
  readonly status: number;
  readonly message: string;
  readonly ways?: WaysOut | undefined;
}

const titles: Readonly<Record<number, string>> = {
  404: 'Not found',
  403: 'Not allowed',
  502: 'The registry answered nonsense',
  503: 'Not available now',
};

/** A refusal, in words, and what to do now. */
export function ErrorPage({ frame, status, message, ways = {} }: ErrorPageProps) {
  const title = titles[status] ?? STATUS_CODES[status] ?? 'Error';
  const { wanted, up } = ways;
  const isWanting = status === 404 && wanted !== undefined;
  return (
    <Layout frame={frame} title={title} search={isWanting ? { query: wanted } : undefined}>
      <section class="fault-page" aria-labelledby="fault">
        <p class="status" aria-hidden="true">
          {status}
        </p>
        <h1 id="fault">{title}</h1>
        <p class="lead">{sentenceOf(message)}</p>
        <p class="actions">
          {isWanting && (
            <a class="button" href={withQuery(`${frame.prefix}/_search`, { q: wanted })}>
              Search for “{shortened(wanted, 60)}”
            </a>
          )}
          {status >= 500 && (
            <a class="button" href={`${frame.prefix}${frame.here}`}>
              Try again
            </a>
          )}
          {up !== undefined && (
            <a class="button quiet" href={`${frame.prefix}${up.path}`}>
              {up.label}
            </a>
          )}
          <a class="button quiet" href={`${frame.prefix}/`}>
            Start page
          </a>
        </p>
      </section>
    </Layout>
  );
}

/** Messages for programs begin small and end without a stop. */
function sentenceOf(message: string): string {
  const stop = /[.?!]$/.test(message) ? '' : '.';
  return `${message.slice(0, 1).toUpperCase()}${message.slice(1)}${stop}`;
}
