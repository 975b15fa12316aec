import type { Role } from '@clientela/contracts';
import { isCommonPassword } from './common-passwords.ts';
import type { Registration } from './schema.ts';

export type Names = { first_name: string; last_name: string | null };

/** Splits a full name at its first space. */
export function splitName(name: string): Names {
  const [first_name = '', ...rest] = name.split(/\s+/u);
  return { first_name, last_name: rest.join(' ') || null };
}

export const fullName = ({ first_name, last_name }: Names): string =>
  last_name ? `${first_name} ${last_name}` : first_name;

/** Names a company after its first user, when registration gave it no name. */
export const defaultCompanyName = (founder: Names): string => `${fullName(founder)}'s company`;

export const changesName = (body: Readonly<Record<string, unknown>>): boolean =>
  ['name', 'first_name', 'last_name'].some((field) => body[field] !== undefined);

/** Whether a change of a user may remove its company's last admin or rename the company: such changes happen one after the other. */
export const affectsCompany = (body: Readonly<Record<string, unknown>>): boolean =>
  body['role'] !== undefined || body['is_active'] === false || changesName(body);

/** Whether the user's company requires a second factor of it: of staff, not of customers. */
export const requiresFactor = (user: { role: Role; company_requires_mfa: boolean | null }): boolean =>
  user.company_requires_mfa === true && user.role !== 'customer';

/** Tells whether the user and its company, if any, are active. */
export const isActive = (user: { is_active: boolean; company_status: string | null }): boolean =>
  user.is_active && (user.company_status ?? 'active') === 'active';

export const localPart = (email: string) => email.slice(0, email.lastIndexOf('@'));

/** Derives a username from an e-mail address, short enough to append a suffix. */
export function suggestUsername(email: string): string {
  const allowed = localPart(email)
    .replaceAll(/[^A-Za-z0-9._-]/g, '')
    .slice(0, 40);
  return allowed.length >= 3 ? allowed : 'user';
}

export type Account = Names & { email: string; username: string | undefined; phone: string | null };

/** Resolves the field aliases of a registration. Uses the e-mail's local part when no name is given. */
export function toAccount(input: Registration): Account {
  const email = input.email ?? input.ds_user_email ?? '';
  const name = input.name ?? input.ds_user;
  const names = name
    ? splitName(name)
    : { first_name: input.first_name ?? localPart(email), last_name: input.last_name ?? null };
  return { ...names, email, username: input.username, phone: input.phone ?? null };
}

const comparable = (text: string) => text.normalize('NFKC').toLowerCase();

/** Returns why a password is unsafe for this account, or undefined; its length is validated by the schema. */
export function passwordError(password: string, account: Names & { email: string; username?: string | undefined }) {
  const personalValues = [account.email, account.first_name, fullName(account), account.username ?? ''];
  if (personalValues.some((text) => comparable(text) === comparable(password))) {
    return 'must not be your name, username or e-mail';
  }
  return isCommonPassword(password) ? 'is a commonly used password; choose another one' : undefined;
}
