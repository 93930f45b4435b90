import { hkdfSync, randomBytes } from 'node:crypto';
import { parse, serialize } from 'hono/utils/cookie';
import { EncryptJWT, jwtDecrypt } from 'jose';
import type { Caller } from '../../../repository/service/caller.ts';
import { shownName } from '../../caller/caller-credentials.ts';

/** Logins kept by the browser: an encrypted cookie holds the credentials, the gateway holds nothing. */
export interface Sessions {
  /** `Set-Cookie` for this login; undefined where the credentials are too long for a cookie. */
  begin(login: Login, site: CookieSite): Promise<string | undefined>;
  /** `Set-Cookie` that makes the browser forget. */
  end(site: CookieSite): string;
  /** Who a Cookie header says the caller is; undefined where it holds no login of these sessions, or one too old. */
  caller(cookies: string | undefined): Promise<Caller | undefined>;
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Where the cookie goes along. */
export interface CookieSite {
  readonly isSecure: boolean;
  /** The path prefix that a proxy took off. */
  readonly prefix: string;
}

const cookieName = 'lkard-session';
const lifetimeSeconds = 8 * 60 * 60;
// RFC 6265 section 6.1: browsers keep 4096 bytes of name, value and attributes.
const maxCookieBytes = 4000;
const encryption = { alg: 'dir', enc: 'A256GCM' } as const;

/**
 * Sessions under a key made from `secret`, so that every replica that has it reads them; without one under a key of this
 * process alone. Cookies are HttpOnly and SameSite=Strict, and hold for eight hours.
 */
export function createSessions(secret: Uint8Array | undefined): Sessions {
  const key = new Uint8Array(hkdfSync('sha256', secret ?? randomBytes(32), '', 'lkard session cookie', 32));
  return {
    async begin({ username, password }, site) {
      const token = await new EncryptJWT({ username, password })
        .setProtectedHeader(encryption)
        .setExpirationTime(`${lifetimeSeconds}s`)
        .encrypt(key);
      const cookie = formatCookie(token, lifetimeSeconds, site);
      return cookie.length > maxCookieBytes ? undefined : cookie;
    },
    end: (site) => formatCookie('', 0, site),
    async caller(cookies) {
      const token = parse(cookies ?? '', cookieName)[cookieName] ?? '';
      if (token === '') return undefined;
      const login = await decrypt(token, key);
      return login && { credentials: { kind: 'basic', ...login }, name: shownName(login.username) };
    },
  };
}

function formatCookie(value: string, maxAge: number, { isSecure, prefix }: CookieSite): string {
  const attributes = { path: `${prefix}/`, maxAge, httpOnly: true, sameSite: 'Strict', secure: isSecure } as const;
  return serialize(cookieName, value, attributes);
}

async function decrypt(token: string, key: Uint8Array): Promise<Login | undefined> {
  try {
    const { payload } = await jwtDecrypt(token, key, {
      keyManagementAlgorithms: [encryption.alg],
      contentEncryptionAlgorithms: [encryption.enc],
    });
    const { username, password } = payload;
    return typeof username === 'string' && typeof password === 'string' ? { username, password } : undefined;
  } catch {
    // Altered, too old, or made under another key: all mean that nobody is logged in.
    return undefined;
  }
}
