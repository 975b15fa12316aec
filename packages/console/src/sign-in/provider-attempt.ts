// A sign-in while this tab is at a provider. The storage of the tab holds it, so that a return which another tab or another site began is
// not accepted: its code would sign somebody in as a stranger (docs/adr/0048).

const stored = 'clientela.provider-attempt';

/** `to`: where the person wanted to go. `invitation`: the token of one that the account of the provider accepts. */
export type Purpose = { to?: string | undefined; invitation?: string | undefined };
type Attempt = Purpose & { state: string };

/** 128 random bits as letters, which an address keeps as they are. */
const random = (): string =>
  String.fromCharCode(...Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => 97 + (byte & 15)));

/** Leads a tab to a provider: this one, or one of `openTab`. */
export function goToProvider(name: string, purpose: Purpose, tab: Window = window): void {
  const attempt: Attempt = { ...purpose, state: random() };
  tab.sessionStorage.setItem(stored, JSON.stringify(attempt));
  const back = encodeURIComponent(`/console/sign-in/return?state=${attempt.state}`);
  tab.location.assign(`/auth/oidc/${encodeURIComponent(name)}/start?to=${back}`);
}

/** Opens a tab with a storage of its own, from which no page can reach this one. @returns null where the browser does not allow it */
export function openTab(): Window | null {
  const tab = window.open('about:blank', '_blank');
  if (tab) tab.opener = null;
  return tab;
}

export function findAttempt(): Attempt | undefined {
  const text = sessionStorage.getItem(stored);
  return text === null ? undefined : (JSON.parse(text) as Attempt);
}

export const forgetAttempt = (): void => sessionStorage.removeItem(stored);
