import { Clientela, ClientelaError, SessionEnded, type User } from '@clientela/client';
import { useSyncExternalStore } from 'react';

export type { User } from '@clientela/client';

/** What a route of the console's session answers: a sign-in without its refresh token, which is in a cookie that no script sees. */
type SignedIn = { access_token: string; expires_in: number; user: User; idle_minutes: number | null };

export type Session =
  | { state: 'unknown' }
  /**
   * `ended`: it was not the person who signed out, so the page keeps what was typed. `unreached`: the server does not know of the sign-out.
   * `idle`: nobody was there.
   */
  | { state: 'signed-out'; ended: boolean; unreached?: boolean; idle?: boolean }
  /** `limited`: what the person has to do before anything else. */
  | { state: 'signed-in'; user: User; limited: string | undefined };

let session: Session = { state: 'unknown' };
let lastUser: User | undefined;
let idle: number | null = null;
const listeners = new Set<() => void>();
/** Tells the other tabs who signed in, and that somebody signed out. */
const tabs = new BroadcastChannel('clientela-console');

function change(next: Session): void {
  session = next;
  if (next.state === 'signed-in') lastUser = next.user;
  else if (next.state === 'signed-out' && !next.ended) lastUser = undefined;
  for (const listener of listeners) listener();
}

/** The one way to the API. It keeps the access token in memory, and renews it by the cookie. */
export const api = new Clientela({
  refresh: renew,
  onSignedOut: () => {
    if (session.state === 'signed-in') change({ state: 'signed-out', ended: true });
  },
  // The client sends no cookies; only the routes of the session need theirs.
  fetch: (url, init) => fetch(url, url.startsWith('/console/session') ? { ...init, credentials: 'same-origin' } : init),
});

/** Reads what a token is limited to. The server decides; this only chooses the page. */
function limitOf(token: string): string | undefined {
  try {
    const payload = token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? '';
    return (JSON.parse(atob(payload)) as { limited?: string }).limited;
  } catch {
    return undefined;
  }
}

function accept({ access_token, user, idle_minutes }: SignedIn): void {
  idle = idle_minutes;
  change({ state: 'signed-in', user, limited: limitOf(access_token) });
}

const askSession = <T>(path: string, body: object): Promise<T> =>
  api.request<T>({ method: 'POST', path: `/console/session${path}`, body, open: true, options: { timeout: 20_000 } });

/** Tabs take turns with the cookie. Without encryption browsers have no locks; the server then tells apart two tabs at once. */
const inTurn = <T>(work: () => Promise<T>): Promise<T> =>
  isSecureContext ? navigator.locks.request('clientela-console-session', work) : work();

/** Stands in the storage from a sign-out until the server has ended the session, reloads included. */
const leaving = 'clientela.leaving';
const isLeaving = () => localStorage.getItem(leaving) !== null;
/** Whether the server was not reached when the session should have ended: a page that was loaded again says so too. */
let unreached = false;

/** When somebody last did something, in any tab: stands in the storage, for a tab that was asleep too. */
export const lastActive = 'clientela.active';
/** The minutes without anybody there after which the page signs out. Null: never. */
export const idleMinutes = (): number | null => idle;

/** Gets new tokens by the cookie. Tabs take turns, so that no two of them use one refresh token. */
async function askTokens(): Promise<SignedIn> {
  const answer = await inTurn(async () => {
    if (isLeaving()) throw new SessionEnded(); // the cookie of a session that somebody ended signs nobody in
    return askSession<SignedIn | { access_token: null }>('/refresh', {});
  });
  if (answer.access_token === null || isLeaving()) throw new SessionEnded();
  return answer;
}

async function renew(): Promise<SignedIn> {
  const answer = await askTokens();
  accept(answer);
  return answer;
}

/** Shows that somebody is signed in only when requests have the token. */
async function take(answer: SignedIn): Promise<void> {
  await api.session.start(answer);
  accept(answer);
}

/** Begins a session by one of the ways in sign-in.ts. */
export async function begin(path: string, body: object): Promise<void> {
  if (isLeaving()) await endOnServer(); // else the old session would live on without its cookie
  const answer = await askSession<SignedIn>(path, body);
  localStorage.removeItem(lastActive);
  tabs.postMessage({ signedIn: answer.user.id });
  // Nothing of one person may be shown to another, who signs in over the page.
  if (lastUser !== undefined && lastUser.id !== answer.user.id) location.reload();
  else await take(answer);
}

/** Whether there is no session (any more), and not merely no response. */
const isOver = (error: unknown) =>
  error instanceof ClientelaError && (error instanceof SessionEnded || error.status === 401);

/** Renews the cookie of a page in use: with an idle time, it does not live much longer than that. */
export const keepSession = async (): Promise<void> => take(await askTokens());

let starting: Promise<void> | undefined;
/** Finds out once whether this browser is signed in. @throws ClientelaError while the server is away */
export function startSession(): Promise<void> {
  starting ??= keepSession().catch((error: unknown) => {
    if (isOver(error)) return change({ state: 'signed-out', ended: false, unreached });
    starting = undefined;
    throw error;
  });
  return starting;
}

/** Ends the session that the cookie holds. @returns whether it ended there too @throws ClientelaError while the server is away */
const endOnServer = (): Promise<boolean> =>
  inTurn(async () => {
    if (!isLeaving()) return true; // another tab was first
    const { session_ended } = await api.request<{ session_ended: boolean }>({
      method: 'DELETE',
      path: '/console/session',
      open: true,
      options: { headers: { 'Content-Type': 'application/json' }, timeout: 10_000 },
    });
    localStorage.removeItem(leaving);
    return session_ended;
  });

/** Forgets the session in this tab: the person, and the token. */
async function forget(isIdle: boolean): Promise<void> {
  change({ state: 'signed-out', ended: false, idle: isIdle });
  await api.session.end();
}

/** Ends the session on the server, and repeats that while the server is away. */
async function leave(): Promise<void> {
  try {
    unreached = !(await endOnServer());
  } catch {
    unreached = true;
    setTimeout(() => isLeaving() && void leave(), 5000);
  }
  if (session.state === 'signed-out' && !session.ended) change({ ...session, unreached });
}

/** Signs out in every tab at once, whether or not the server can be reached. @param isIdle whether nobody was there */
export async function signOut(isIdle = false): Promise<void> {
  localStorage.setItem(leaving, 'yes');
  tabs.postMessage({ signedOut: true, isIdle });
  await forget(isIdle);
  await leave();
}

if (isLeaving()) void leave();

tabs.addEventListener(
  'message',
  ({ data }: MessageEvent<{ signedIn?: string; signedOut?: boolean; isIdle?: boolean }>) => {
    if (data.signedOut) void forget(data.isIdle === true);
    if (data.signedIn === undefined || session.state === 'unknown') return;
    if (data.signedIn !== lastUser?.id) location.reload();
    else keepSession().catch(() => {}); // the same person: this tab goes on with the new session
  },
);

export const currentSession = (): Session => session;

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Forgets something when the person signs out: nothing of one person stays for the next. A session that only ended keeps it. */
export const whenSignedOut = (forget: () => void): void =>
  void subscribe(() => {
    if (session.state === 'signed-out' && !session.ended) forget();
  });

export const useSession = (): Session => useSyncExternalStore(subscribe, currentSession);

/** The person who is signed in, or who was when the session ended under an open page. */
export function useUser(): User {
  const current = useSession();
  const user = current.state === 'signed-in' ? current.user : lastUser;
  if (!user) throw new Error('nobody is signed in');
  return user;
}

/** Whether the person may do something, such as `customers:create`. It only hides what the server would refuse. */
export function useCan(): (permission: string) => boolean {
  const { permissions } = useUser();
  return (permission) => permissions.includes(permission);
}
