import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';

export interface TokenIssuer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** How often each path was asked for. */
  readonly asked: Record<string, number>;
  /** A token with these claims over good ones; `header` and `key` in place of its own. */
  token(claims?: JWTPayload, options?: { readonly alg?: string; readonly key?: Uint8Array }): Promise<string>;
  /** Signs with another key from now on. */
  rotate(): Promise<void>;
  /** What its discovery document says in place of the truth. */
  discovery: Record<string, unknown> | undefined;
  stop(): Promise<void>;
}

/** An issuer of CI's tokens (OpenID Connect) on this machine. */
export async function startTokenIssuer(): Promise<TokenIssuer> {
  const asked: Record<string, number> = {};
  let keyNumber = 0;
  const makeKey = async () => {
    const pair = await generateKeyPair('ES256', { extractable: true });
    return { ...pair, kid: `k${(keyNumber += 1)}` };
  };
  let key = await makeKey();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked[path] = (asked[path] ?? 0) + 1;
    const answer = (document: object) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
    if (path === '/.well-known/openid-configuration')
      answer({ issuer: url, jwks_uri: `${url}/keys`, ...issuer.discovery });
    else void exportJWK(key.publicKey).then((jwk) => answer({ keys: [{ ...jwk, kid: key.kid, use: 'sig' }] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer: TokenIssuer = {
    url,
    asked,
    discovery: undefined,
    token: (claims = {}, { alg = 'ES256', key: other } = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const good = { iss: url, aud: 'lkard', sub: 'repo:org/app:ref:refs/tags/v1', iat: now, exp: now + 300 };
      return new SignJWT({ ...good, ...claims })
        .setProtectedHeader({ alg, kid: key.kid })
        .sign(other ?? key.privateKey);
    },
    rotate: async () => {
      key = await makeKey();
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return issuer;
}
