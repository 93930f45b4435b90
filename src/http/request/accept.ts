/**
 * Whether an Accept header prefers a page (RFC 9110 section 12.5.1): it names text/html itself and no JSON type before it.
 * apk, curl and whatever takes anything get what they always get.
 */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined || !accept.includes('html')) return false;
  const ranges = accept.split(',').map(parseRange);
  const html = qualityOf(ranges, 'text/html');
  return (
    html > 0 && html >= qualityOf(ranges, 'application/json') && html >= qualityOf(ranges, 'application/problem+json')
  );
}

interface AcceptedRange {
  readonly type: string;
  readonly quality: number;
}

function parseRange(range: string): AcceptedRange {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = weight === undefined ? 1 : Number(weight.slice(2));
  return { type, quality: Number.isFinite(quality) ? quality : 0 };
}

function qualityOf(ranges: readonly AcceptedRange[], type: string): number {
  return ranges.find((range) => range.type === type)?.quality ?? 0;
}
