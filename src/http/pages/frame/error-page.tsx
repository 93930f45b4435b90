import { STATUS_CODES } from 'node:http';
import { Layout, type PageFrame } from './layout.tsx';

export interface ErrorPageProps {
  readonly frame: PageFrame;
  readonly status: number;
  readonly message: string;
}

/** A refusal, in words. */
export function ErrorPage({ frame, status, message }: ErrorPageProps) {
  const title = STATUS_CODES[status] ?? 'Error';
  return (
    <Layout frame={frame} title={title} crumbs={[{ label: 'Start', href: `${frame.prefix}/` }, { label: title }]}>
      <h1>{title}</h1>
      <p class="lead">{message}</p>
    </Layout>
  );
}
