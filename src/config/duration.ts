const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration such as `500ms`, `30s`, `10m`, `2h`, as milliseconds; a bare number means seconds. Undefined for what is none. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = 's'] = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (units[unit] ?? 1);
}

/** How old something must be to go, as milliseconds. A bare number is none: who writes `30` means days, not seconds. */
export function parseAge(text: string): number | undefined {
  return /^\d+$/.test(text) ? undefined : parseDuration(text);
}
