/** An access token in use. Times are ms since the epoch. */
export type Current = {
  token: string;
  renewAt: number;
  expiresAt: number;
  /** Its `sid` claim */ session: string | undefined;
};
type Message = { current?: Current; hasEnded?: true };
/** What the tabs of one origin say to each other about one session. */
export type Channel = {
  readonly session: string;
  post: (message: Message) => void;
  /** Resolves with the next message, or after a while. */
  next: () => Promise<void>;
  close: () => void;
};

/** Only a browser has tabs. Other runtimes have locks and channels too, which would keep them running. */
const isBrowser = 'location' in globalThis && 'BroadcastChannel' in globalThis;
const messageTimeout = 1000; // ms

export function openChannel(
  url: string,
  session: string | undefined,
  receive: (message: Message) => void,
): Channel | undefined {
  if (!isBrowser || session === undefined) return undefined;
  const channel = new BroadcastChannel(nameOf(url, session));
  channel.addEventListener('message', (event) => receive((event as unknown as { data: Message }).data));
  return {
    session,
    // eslint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin
    post: (message) => channel.postMessage(message),
    next: () =>
      new Promise((resolve) => {
        channel.addEventListener('message', () => resolve(), { once: true });
        setTimeout(resolve, messageTimeout);
      }),
    close: () => channel.close(),
  };
}

const nameOf = (url: string, session = '') => `clientela ${url} ${session}`;

/** Runs work that changes the session in one tab at a time. What another tab did before is known to this one when it begins. */
export async function inOneTab(url: string, channel: Channel | undefined, work: () => Promise<void>): Promise<void> {
  if (!isBrowser || !('locks' in navigator)) return work();
  const name = nameOf(url, channel?.session);
  const next = channel?.next();
  const isDone = await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (!lock) return false;
    await new Promise((resolve) => setTimeout(resolve, 0)); // messages that have arrived are received first
    await work();
    return true;
  });
  if (isDone) return undefined;
  await navigator.locks.request(name, async () => {
    await next; // the tab that had the lock says what it did
    await work();
  });
  return undefined;
}
