import { isCommon } from './common-passwords.ts';
import type { Registration } from './schema.ts';

export type Names = { first_name: string; last_name: string | null };

/** A name in one piece: what stands before the first space is the first name. */
export function splitName(name: string): Names {
  const [first_name = '', ...rest] = name.split(/\s+/u);
  return { first_name, last_name: rest.join(' ') || null };
}

export const fullName = ({ first_name, last_name }: Names): string =>
  last_name ? `${first_name} ${last_name}` : first_name;

/** What a company is called that its founder gave no name. */
export const foundedBy = (founder: Names): string => `${fullName(founder)}'s company`;

/** Whether a body may change what its user is called. */
export const saysNames = (body: Readonly<Record<string, unknown>>): boolean =>
  ['name', 'first_name', 'last_name'].some((field) => body[field] !== undefined);

/** Whether a user may act: active itself, and of an active company or none. */
export const mayAct = (user: { is_active: boolean; company_status: string | null }): boolean =>
  user.is_active && (user.company_status ?? 'active') === 'active';

const beforeAt = (email: string) => email.slice(0, email.lastIndexOf('@'));

/** A username made from an e-mail address; short enough for a suffix. */
export function usernameFrom(email: string): string {
  const usable = beforeAt(email)
    .replaceAll(/[^A-Za-z0-9._-]/g, '')
    .slice(0, 40);
  return usable.length >= 3 ? usable : 'user';
}

export type Account = Names & { email: string; username: string | undefined; phone: string | null };

/** Who registers, from whichever names the fields came by. Without a name the e-mail's local part serves as one. */
export function accountOf(given: Registration): Account {
  const email = given.email ?? given.ds_user_email ?? '';
  const name = given.name ?? given.ds_user;
  const names = name
    ? splitName(name)
    : { first_name: given.first_name ?? beforeAt(email), last_name: given.last_name ?? null };
  return { ...names, email, username: given.username, phone: given.phone ?? null };
}

const compared = (text: string) => text.normalize('NFKC').toLowerCase();

/** What is wrong with a password beside its length; undefined when nothing is. */
export function passwordFault(password: string, account: Names & { email: string; username?: string | undefined }) {
  const known = [account.email, account.first_name, fullName(account), account.username ?? ''];
  if (known.some((text) => compared(text) === compared(password))) return 'must not be your name, username or e-mail';
  return isCommon(password) ? 'is among the commonest passwords: choose one that nobody guesses' : undefined;
}
