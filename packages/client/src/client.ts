import { send, type Call, type Request, type Settings } from './call.ts';
import { ClientelaError, SessionEnded, type ErrorCode } from './errors.ts';
import { createResources } from './generated/resources.ts';
import { createSession, type Session, type Tokens, type TokenStore } from './session.ts';
import type { Answer, CallOptions, OperationId } from './types.ts';
import { createWaiting, type Waiting } from './waiting.ts';

export type ClientelaOptions = {
  /** The address of the API. Default: that of the page. */
  url?: string | undefined;
  /** The API key of a program. */
  apiKey?: string | undefined;
  /** Where the refresh token of a person is kept. `signIn` keeps it in memory by default. */
  store?: TokenStore | undefined;
  /**
   * Gets new tokens where the client has no refresh token itself. Rejects with `SessionEnded`, or any 401, when the session is over;
   * other failures are temporary.
   */
  refresh?: (() => Promise<Tokens>) | undefined;
  /** Is called once when a session ends: refused by the API, or ended here or in another tab. */
  onSignedOut?: ((cause: unknown) => void) | undefined;
  /** The company that a superuser acts in. */
  companyId?: string | undefined;
  /** Milliseconds that a call may take with all its repetitions. Default 30,000; more where the API may take more. */
  timeout?: number | undefined;
  /** How often a call is repeated at most. Default 3. */
  maxRetries?: number | undefined;
  fetch?: Settings['fetch'] | undefined;
};

type Resources = ReturnType<typeof createResources>;
type Operations = Resources & Waiting;

/** What a safe call resolves with. */
export type Outcome<Id extends OperationId, R> =
  | { data: R; error?: undefined }
  | { data?: undefined; error: ClientelaError<ErrorCode<Id>> };
type SafeCall<F> = F extends {
  (...args: infer CursorArgs): Answer<infer Id, infer CursorPage>;
  (...args: infer PageArgs): Answer<infer _, infer Page>;
  (...args: infer Args): Answer<infer _, infer R>;
}
  ? {
      (...args: CursorArgs): Promise<Outcome<Id, CursorPage>>;
      (...args: PageArgs): Promise<Outcome<Id, Page>>;
      (...args: Args): Promise<Outcome<Id, R>>;
    }
  : F extends (...args: infer Args) => Answer<infer Id, infer R>
    ? (...args: Args) => Promise<Outcome<Id, R>>
    : unknown;
/** The functions of a group, which resolve with `{ data }` or `{ error }`. Iterators are not among them. */
export type Safe<Group> = {
  [Name in keyof Group as Group[Name] extends (...args: never) => AsyncGenerator ? never : Name]: SafeCall<
    Group[Name]
  > &
    Safe<Group[Name]>;
};

// eslint-disable-next-line typescript/no-unsafe-declaration-merging -- the constructor assigns every member
export interface Clientela extends Operations {}

/** A client of the API, with a function for each operation: `client.customers.get(id)`. */
export class Clientela {
  /** The company that a superuser acts in. */
  companyId: string | undefined;
  /** The session of a person. */
  readonly session: Session;
  /** The same functions, which resolve with `{ data }` or `{ error }`, and never reject with a `ClientelaError`. */
  readonly safe: Safe<Resources>;
  readonly #settings: Settings;

  constructor(options: ClientelaOptions = {}) {
    const { apiKey, onSignedOut, store } = options;
    const url = (options.url ?? '').replace(/\/$/, '');
    this.companyId = options.companyId;
    const session = createSession({
      url,
      store,
      onSignedOut,
      refresh: options.refresh ?? (store && (() => this.#refresh(store))),
    });
    this.session = session;
    this.#settings = {
      url,
      fetch: options.fetch ?? ((...request) => fetch(...request)),
      timeout: options.timeout ?? 30_000,
      maxRetries: options.maxRetries ?? 3,
      companyId: () => this.companyId,
      credentials: apiKey === undefined ? session : { token: () => Promise.resolve(apiKey) },
    };
    const call = ((request) => send(this.#settings, request)) as Call;
    const resources = createResources(call);
    const waiting = createWaiting(resources);
    Object.assign(resources.jobs, waiting.jobs);
    Object.assign(resources.imports, waiting.imports);
    Object.assign(this, resources);
    this.safe = createResources(((request: Request) =>
      send(this.#settings, request).then(
        (data) => ({ data }),
        (error: unknown) => {
          if (error instanceof ClientelaError) return { error };
          throw error;
        },
      )) as unknown as Call) as unknown as Safe<Resources>;
  }

  /**
   * Signs a person in.
   * @throws SignInError for wrong credentials, and with code MFA_REQUIRED where a second factor follows
   */
  static async signIn({
    email,
    password,
    ...options
  }: ClientelaOptions & { email: string; password: string }): Promise<Clientela> {
    const client = new Clientela({ store: inMemory(), ...options });
    await client.session.start(await client.auth.login({ email, password }));
    return client;
  }

  /** Ends the session at the API and here, also when the API cannot be reached. */
  async signOut(options?: CallOptions): Promise<void> {
    try {
      await this.auth.logout(options);
    } finally {
      await this.session.end();
    }
  }

  /** Sends a request to a path that has no function, with the same deadlines, repetitions and errors. */
  request<T>(request: Request): Promise<T> {
    return send(this.#settings, request) as Promise<T>;
  }

  async #refresh(store: TokenStore): Promise<Tokens> {
    const refresh_token = await store.get();
    if (!refresh_token) throw new SessionEnded();
    // The API takes the token again for 10 s, so that a lost response does no harm.
    const tokens = await this.request<Tokens>({
      method: 'POST',
      path: '/auth/refresh',
      body: { refresh_token },
      open: true,
      repeatable: true,
      options: { timeout: 10_000 },
    });
    await store.set(tokens.refresh_token);
    return tokens;
  }
}

function inMemory(): TokenStore {
  let token: string | undefined;
  return {
    get: () => token,
    set: (next) => {
      token = next;
    },
  };
}
