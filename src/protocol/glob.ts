/**
 * Whether `text` is what a pattern says: `*` stands for any characters but `/`, `**` for any. Takes time in proportion to
 * both lengths, whatever they hold.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  // reached[n]: the pattern so far can stand for the first n characters.
  let reached = Array.from({ length: text.length + 1 }, (_, count) => count === 0);
  for (const piece of pattern.match(/\*+|[^*]/gs) ?? []) {
    const next = reached.map(() => false);
    for (let count = 0; count <= text.length; count += 1) {
      const char = text[count - 1];
      if (!piece.startsWith('*')) next[count] = reached[count - 1] === true && char === piece;
      else next[count] = reached[count] === true || (next[count - 1] === true && (piece !== '*' || char !== '/'));
    }
    reached = next;
  }
  return reached[text.length] === true;
}

/** Whether one of the patterns fits. */
export function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matchesGlob(pattern, text));
}

/** Tells of a text whether it is what a pattern says, in which `*` stands for any text at all: one pass over it. */
export function wildcard(pattern: string): (text: string) => boolean {
  const [first = '', ...others] = pattern.split(/\*+/);
  const last = others.pop();
  if (last === undefined) return (text) => text === pattern;
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const part of others) {
      const found = text.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}
