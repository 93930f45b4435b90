import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { importPKCS8, SignJWT } from 'jose';
import forge from 'node-forge';
import { makeCertificate } from './certificate.ts';

/** Somebody whom the token server knows: actions by image, `*` standing for all the others. */
export interface TokenUser {
  readonly password: string;
  readonly images: Readonly<Record<string, readonly string[]>>;
}

export interface TokenServer {
  /** What a registry's configuration says of it (`auth: token`). */
  readonly config: {
    readonly realm: string;
    readonly service: string;
    readonly issuer: string;
    readonly rootcertbundle: string;
  };
  /** May be changed while it runs. */
  readonly users: Record<string, TokenUser>;
  /** `METHOD user scopes` of every request so far. */
  readonly asked: string[];
  /** Seconds that a token lives. */
  lifetimeSeconds: number;
  stop(): Promise<void>;
}

interface Asked {
  readonly user: string | undefined;
  readonly scopes: readonly string[];
}

/**
 * A token service as distribution's `auth: token` wants one: over HTTPS with this certificate, by GET with Basic and by POST with
 * an identity token, which is the password. Its tokens are signed with a key whose certificate goes along (`x5c`).
 */
export async function startTokenServer(
  folder: string,
  tls: { readonly certificate: string; readonly key: string },
  users: Record<string, TokenUser>,
): Promise<TokenServer> {
  const signer = await makeCertificate(folder, 'signer');
  const key = await importPKCS8(pkcs8Of(await readFile(signer.files.key, 'utf8')), 'RS256');
  const x5c = [signer.pem.replace(/-----[^-]+-----|\s/g, '')];
  const service = 'test-registry';
  const issuer = 'test-issuer';
  const asked: string[] = [];

  const tokenFor = ({ user, scopes }: Asked): Promise<string> => {
    const access = scopes.flatMap((scope) => {
      const [, type = '', name = '', actions = ''] = /^(\w+):(.+):([\w,*]+)$/.exec(scope) ?? [];
      const has = users[user ?? '']?.images[name] ?? users[user ?? '']?.images['*'] ?? [];
      const granted = actions.includes('*') ? has : actions.split(',').filter((action) => has.includes(action));
      return granted.length === 0 ? [] : [{ type, name, actions: granted }];
    });
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ access, jti: `${now}-${asked.length}` })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', x5c })
      .setIssuer(issuer)
      .setAudience(service)
      .setSubject(user ?? '')
      .setIssuedAt(now)
      .setNotBefore(now - 5)
      .setExpirationTime(now + server.lifetimeSeconds)
      .sign(key);
  };

  const answerTo = async (request: IncomingMessage): Promise<object | undefined> => {
    const { searchParams } = new URL(request.url ?? '', 'https://token');
    const form = new URLSearchParams((await buffer(request)).toString());
    const scopes = [...searchParams.getAll('scope'), ...form.getAll('scope')].join(' ').split(' ').filter(Boolean);
    const user = form.has('refresh_token')
      ? Object.keys(users).find((name) => users[name]?.password === form.get('refresh_token'))
      : userOf(request.headers.authorization, users);
    asked.push(`${request.method ?? ''} ${user ?? '(nobody)'} ${scopes.join(' ')}`);
    const isRefused = user === undefined && (form.has('refresh_token') || request.headers.authorization !== undefined);
    if (isRefused) return undefined;
    return { token: await tokenFor({ user, scopes }), expires_in: server.lifetimeSeconds };
  };

  const [cert, tlsKey] = await Promise.all([readFile(tls.certificate), readFile(tls.key)]);
  const https = createServer({ cert, key: tlsKey }, (request, response) => {
    void answerTo(request).then((document) => {
      response.writeHead(document === undefined ? 401 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(document ?? { errors: [{ code: 'UNAUTHORIZED', message: 'wrong password' }] }));
    });
  });
  https.listen(0, '127.0.0.1');
  await once(https, 'listening');
  const realm = `https://127.0.0.1:${(https.address() as AddressInfo).port}/token`;
  const server: TokenServer = {
    config: { realm, service, issuer, rootcertbundle: signer.files.certificate },
    users,
    asked,
    lifetimeSeconds: 300,
    stop: async () => {
      https.close();
      https.closeAllConnections();
      await once(https, 'close');
    },
  };
  return server;
}

/** Undefined for a wrong password and for nobody. */
function userOf(authorization: string | undefined, users: Record<string, TokenUser>): string | undefined {
  const [name = '', ...rest] = Buffer.from((authorization ?? '').replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':');
  return users[name]?.password === rest.join(':') ? name : undefined;
}

function pkcs8Of(pem: string): string {
  return forge.pki.privateKeyInfoToPem(
    forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(forge.pki.privateKeyFromPem(pem))),
  );
}
