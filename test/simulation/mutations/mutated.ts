/** What a change of the source finds, however it is laid out: white space counts only as such, and commas before a bracket don't. */
function patternOf(text: string): RegExp {
  const words = text.trim().match(/[\w$']+|[^\w\s$']/gu) ?? [];
  return new RegExp(words.map((word) => word.replaceAll(/[$()*+.?[\\\]^{|}]/gu, '\\$&')).join('\\s*'), 'gu');
}

/** Where a text stands among the sources, each by its name: exactly once, or this throws. */
export function placeOf(
  text: string,
  sources: ReadonlyMap<string, string>,
): { readonly file: string; readonly found: string } {
  const places = [...sources].flatMap(([file, source]) =>
    [...source.matchAll(patternOf(text))].map(([found]) => ({ file, found })),
  );
  const [place] = places;
  if (place === undefined || places.length > 1)
    throw new Error(`the text of a rule stands ${places.length} times in the source, not once: ${text}`);
  return place;
}

/** That source with the text taken out for another. */
export function mutated(source: string, found: string, instead: string): string {
  return source.replace(found, () => instead);
}
