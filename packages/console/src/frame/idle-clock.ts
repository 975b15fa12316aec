import { keepSession, lastActive, signOut } from '../api/session.ts';

/** The warning comes this long before the end. */
const warning = 120_000;
/** A page in use renews its cookie this often; the gateway lets the cookie live ten minutes longer than the idle time. */
const renewal = 5 * 60_000;
/** Pointers move often; they are stored this often. */
const pause = 5000;
const events = ['pointerdown', 'pointermove', 'keydown', 'touchstart', 'wheel'];
const returns = ['focus', 'pageshow', 'visibilitychange'];

/** When somebody last did something in any tab. A clock that was set back makes it now. */
function readLast(): number {
  const last = Number(localStorage.getItem(lastActive));
  const now = Date.now();
  if (last > 0 && last <= now) return last;
  localStorage.setItem(lastActive, String(now));
  return now;
}

/**
 * Signs out when nobody did anything in any tab for the idle time. It compares times, so it holds on a machine that slept.
 * @param onLeft called with the seconds that are left once the warning is due, and undefined when it is over
 */
export function startIdleClock(minutes: number, onLeft: (seconds: number | undefined) => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let renewed = Date.now();
  let hasEnded = false;

  /** @returns the milliseconds that are left */
  function check(): number {
    clearTimeout(timer);
    if (hasEnded) return 0;
    const left = readLast() + minutes * 60_000 - Date.now();
    if (left <= 0) {
      stop();
      void signOut(true);
      return left;
    }
    const isDue = left <= warning;
    onLeft(isDue ? Math.ceil(left / 1000) : undefined);
    // A timer that a machine slept through comes late: it is never far away.
    timer = setTimeout(check, isDue ? left % 1000 || 1000 : Math.min(left - warning, 30_000));
    return left;
  }

  function stay(): void {
    if (check() <= 0) return; // too late: the first key after a night is no sign of the same person
    const now = Date.now();
    localStorage.setItem(lastActive, String(now));
    check();
    if (now - renewed < renewal) return;
    renewed = now;
    keepSession().catch(() => {}); // the next request says what is wrong
  }

  /** What happens during the warning is no answer to it. */
  function onActivity(): void {
    if (Date.now() - readLast() >= pause && check() > warning) stay();
  }

  function stop(): void {
    hasEnded = true;
    clearTimeout(timer);
    for (const name of events) removeEventListener(name, onActivity, true);
    for (const name of returns) removeEventListener(name, check, true);
    removeEventListener('storage', onStored);
  }
  const onStored = ({ key }: StorageEvent) => void (key === lastActive && check());

  for (const name of events) addEventListener(name, onActivity, { capture: true, passive: true });
  for (const name of returns) addEventListener(name, check, true);
  addEventListener('storage', onStored);
  check();
  return { stay, stop };
}
