/** A time of ISO 8601 to the second, as tables show it; JSON and YAML have it as it came. */
export function secondsOf(time: string): string {
  return time.replace(/\.\d+(?=Z$)/, '');
}
