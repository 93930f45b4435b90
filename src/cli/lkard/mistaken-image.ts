/** What people write for `lkard` alone, or for `lkar`. */
const servingWords = ['serve', 'start', 'run'];
const lkarCommands = ['push', 'ls', 'pull', 'rm', 'setup', 'login', 'logout', 'repositories', 'images'];

/**
 * What is to be said of the word in the place of the image that is no image: a command that lkard hasn't, or a slip
 * of one that it has. Undefined for what may be an image; a name with a slash always may.
 */
export function explainMistake(word: string, commands: readonly string[]): string | undefined {
  const serving = servingWords.find((one) => isOneSlip(word, one));
  if (serving !== undefined) return `${word} is no command: lkard alone serves (lkard [options] [image])`;
  if (lkarCommands.includes(word)) return `${word} is a command of lkar, not of lkard: lkar ${word} REGISTRY[/IMAGE] …`;
  // Of a word of two letters anything is a slip.
  const meant = commands.filter((one) => one.length > 3).find((one) => isOneSlip(word, one));
  return meant === undefined ? undefined : `${word} is no command (did you mean ${meant}?)`;
}

/** Whether one letter too many, too few, wrong or swapped with its neighbour makes `a` of `b`; also where they are the same. */
export function isOneSlip(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return Math.max(left.length, right.length) <= 1 || (left.length === 2 && right === `${left[1]}${left[0]}`);
}
