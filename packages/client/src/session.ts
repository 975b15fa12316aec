import { isRefusal, type Credentials } from './call.ts';
import { SessionEnded } from './errors.ts';
import { inOneTab, openChannel, type Channel, type Current } from './tabs.ts';

/** Tokens as sign-in and refresh return them. */
export type Tokens = { access_token: string; /** Seconds */ expires_in: number; refresh_token?: string };
/** Where the refresh token is kept between the runs of a program. */
export type TokenStore = {
  get: () => string | undefined | null | Promise<string | undefined | null>;
  set: (refreshToken: string | undefined) => void | Promise<void>;
};

export type Session = {
  /** Begins a session with the response of a sign-in. */
  start: (tokens: Tokens) => Promise<void>;
  /** Ends the session here and in other tabs, without telling the API. */
  end: () => Promise<void>;
  /** Whether there is a token, which may have expired. */
  readonly isSignedIn: boolean;
};

type SessionSettings = {
  url: string;
  store: TokenStore | undefined;
  /** Gets new tokens. Rejects with `SessionEnded` when there will be none; any other failure is temporary. */
  refresh: (() => Promise<Tokens>) | undefined;
  onSignedOut: ((cause: unknown) => void) | undefined;
};

const margin = 30_000; // ms before a token expires

/** Keeps the access token in memory, and renews it once for all who wait, in all tabs. */
export function createSession({ url, store, refresh, onSignedOut }: SessionSettings): Session & Credentials {
  let current: Current | undefined;
  let channel: Channel | undefined;
  let isEnded = false;
  /** Counts sign-ins and sign-outs, so that a renewal of an earlier session changes nothing. */
  let changes = 0;
  let renewal: Promise<void> | undefined;

  function adopt(next: Current) {
    isEnded = false;
    current = next;
    if (next.session === channel?.session) return;
    channel?.close();
    channel = openChannel(url, next.session, (message) => {
      if (message.current) adopt(message.current);
      else if (message.hasEnded) finish(undefined);
    });
  }

  function finish(cause: unknown) {
    if (isEnded) return;
    isEnded = true;
    changes += 1;
    current = undefined;
    channel?.close();
    channel = undefined;
    onSignedOut?.(cause);
  }

  async function end(cause?: unknown) {
    channel?.post({ hasEnded: true });
    finish(cause);
    await store?.set(undefined);
  }

  async function renewOnce(refused: string | undefined) {
    const changesBefore = changes;
    await inOneTab(url, channel, async () => {
      if (current?.token !== refused || isEnded) return; // another tab has renewed it, or ended the session
      try {
        const next = toCurrent(await refresh!());
        if (changes !== changesBefore) return;
        // Somebody else has signed in from another tab, who must not see what this one shows.
        if (current?.session !== undefined && current.session !== next.session) finish(undefined);
        else adopt(next);
        channel?.post({ current: next });
      } catch (error) {
        if (changes !== changesBefore) return;
        if (!isRefusal(error)) {
          channel?.post({});
          throw error;
        }
        await end(error);
      }
    });
    if (isEnded) throw new SessionEnded();
  }

  async function renew(refused: string | undefined) {
    if (isEnded) throw new SessionEnded();
    if (current?.token !== refused) return;
    renewal ??= renewOnce(refused).finally(() => {
      renewal = undefined;
    });
    await renewal;
  }

  return {
    get isSignedIn() {
      return current !== undefined;
    },
    async start(tokens) {
      changes += 1;
      adopt(toCurrent(tokens));
      if (tokens.refresh_token !== undefined) await store?.set(tokens.refresh_token);
    },
    end: () => end(),
    async token() {
      if (isEnded) throw new SessionEnded();
      const present = current;
      if (!refresh || (present && Date.now() < present.renewAt)) return present?.token;
      try {
        await renew(present?.token);
      } catch (error) {
        if (isEnded || !present || Date.now() >= present.expiresAt) throw error;
      }
      return current?.token;
    },
    ...(refresh && { renew }),
  };
}

/** Remembers when to renew a token: 30 s before it expires, or at half of its time. */
function toCurrent({ access_token: token, expires_in }: Tokens): Current {
  const lifetime = expires_in * 1000;
  const expiresAt = Date.now() + lifetime;
  return { token, expiresAt, renewAt: expiresAt - Math.min(margin, lifetime / 2), session: sessionOf(token) };
}

/** Reads the `sid` claim of a JWT. Undefined for any other token, which tabs do not share. */
function sessionOf(token: string): string | undefined {
  try {
    const payload = atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'));
    const { sid } = JSON.parse(payload) as { sid?: unknown };
    return typeof sid === 'string' ? sid : undefined;
  } catch {
    return undefined;
  }
}
