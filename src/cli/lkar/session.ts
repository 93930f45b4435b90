import { proxiesOf } from '../../config/proxies.ts';
import { parseTarget, type Target } from '../shared/target.ts';
import { sayLine, type Terminal } from '../shared/terminal.ts';
import { createGatewayClient, type GatewayClient, type Login } from './http/gateway-client.ts';
import { createHttpClient } from './http/http-client.ts';
import { createRetryingClient } from './http/retrying-client.ts';
import { createLoginKeeper, type LoginKeeper } from './login/login-keeper.ts';
import { checkRegistryLogin } from './login/registry-login.ts';

/** The options that every command of lkar takes. */
export interface SessionOptions {
  readonly plainHttp?: boolean | undefined;
  readonly insecure?: boolean | undefined;
  readonly caFile?: string | undefined;
  readonly debug?: boolean | undefined;
  /** Tries of each request in all. */
  readonly tries?: number | undefined;
  /** The folder of Docker's `config.json`. */
  readonly dockerConfig: string;
  /** Ends what is under way, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What a command works with. */
export interface Session {
  readonly terminal: Terminal;
  readonly logins: LoginKeeper;
  /** Fires when the user wants the command to end. */
  readonly signal: AbortSignal | undefined;
  /** Tries of each request in all. */
  readonly tries: number | undefined;
  /** Reads `REGISTRY[/IMAGE]`. */
  target(text: string): Target;
  /** The gateway there, spoken to with the login that is kept for it, if any. */
  gateway(target: Target): Promise<GatewayClient>;
  /** The same, where nothing is tried again: for callers who ask again and again anyway. */
  gatewayOnce(target: Target): Promise<GatewayClient>;
  /** The gateway there, spoken to as `login` or as nobody. */
  gatewayAs(target: Target, login: Login | undefined): GatewayClient;
  /** Whether an OCI registry is there, and no gateway, and takes this login; throws where it refuses it. */
  isRegistryLogin(target: Target, login: Login): Promise<boolean>;
  close(): Promise<void>;
}

/** A session that speaks to gateways as these options say. */
export function openSession(terminal: Terminal, options: SessionOptions): Session {
  const say = (line: string) => {
    sayLine(terminal, line);
  };
  const { signal, tries } = options;
  const once = createHttpClient({
    isInsecure: options.insecure,
    caFile: options.caFile ?? terminal.env?.['SSL_CERT_FILE'],
    proxies: proxiesOf(terminal.env ?? {}),
    signal,
    ...(options.debug === true && { trace: say }),
  });
  const http = createRetryingClient(once, say, { tries, signal });
  const logins = createLoginKeeper({ folder: options.dockerConfig, warn: say });
  return {
    ...{ terminal, logins, signal, tries },
    target: (text) => parseTarget(text, { isPlainHttp: options.plainHttp }),
    gateway: async (target) => createGatewayClient(http, target, await logins.find(target.name)),
    gatewayOnce: async (target) => createGatewayClient(once, target, await logins.find(target.name)),
    gatewayAs: (target, login) => createGatewayClient(http, target, login),
    isRegistryLogin: (target, login) => checkRegistryLogin(http, target, login),
    close: () => http.close(),
  };
}
