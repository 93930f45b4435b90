import { createHash } from 'node:crypto';

/**
 * What a registry, or its token service, can be shown. An `identity` token is not for the registry itself: its token service
 * takes it in exchange for an access token (distribution's token spec, "Getting a Bearer Token", OAuth2 form).
 */
export type RegistryCredentials =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'identity'; readonly username: string; readonly token: string };

/** Looks up the gateway's own credentials for an image of the registry, again for each call. */
export interface GatewayCredentials {
  find(image: string): Promise<RegistryCredentials>;
}

/** A key under which a cache may remember what these credentials got, and that tells nobody what they are. */
export function hashCredentials(credentials: RegistryCredentials): string {
  const { kind } = credentials;
  if (kind === 'anonymous') return kind;
  const parts = kind === 'bearer' ? [kind, credentials.token] : [kind, credentials.username, secretOf(credentials)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

function secretOf(credentials: { password: string } | { token: string }): string {
  return 'password' in credentials ? credentials.password : credentials.token;
}
