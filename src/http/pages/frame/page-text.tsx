const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes for people: `904 B`, `1.4 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** A number with its thousands apart: `20,000`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 package`, `2 packages`. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** A link where the text is a web address, else the text: what a package says of itself may be anything. */
export function WebLink({ url }: { readonly url: string }) {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return <span>{url}</span>;
  return (
    <a href={url} rel="nofollow noopener noreferrer">
      {url}
    </a>
  );
}

/** A text of at most so many characters, with a mark where something is left out: pages bound what hostile packages say. */
export function shortened(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
}
