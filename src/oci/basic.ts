/** A user and a password as the Basic scheme has them. */
export interface UserPassword {
  readonly username: string;
  readonly password: string;
}

/** `user:password` in base64 of UTF-8 (RFC 7617 section 2), as Docker's files keep it too. */
export function encodeUserPassword({ username, password }: UserPassword): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

/** The user and the password in such a text, base64url too; undefined where it is of another form. */
export function decodeUserPassword(text: string): UserPassword | undefined {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return undefined;
  const decoded = Buffer.from(text, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon === -1 ? undefined : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

/** The `Authorization` of the Basic scheme. */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${encodeUserPassword({ username, password })}`;
}
