import { domainToASCII, domainToUnicode } from 'node:url';
import { z } from 'zod';
import { check } from './check.ts';
import { rememberLast } from './remember-last.ts';
import { text } from './text.ts';

const maxOctets = { local: 64, address: 254 }; // RFC 5321, 4.5.3.1

/** Atoms of RFC 5322, 3.2.3, with every visible character beyond ASCII (RFC 6531). */
const dotAtoms = /^[\w!#$%&'*+/=?^`{|}~\u0080-\u{10ffff}-]+(?:\.[\w!#$%&'*+/=?^`{|}~\u0080-\u{10ffff}-]+)*$/u;
const invisible = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
/** Two labels or more; the last has a letter, so that no IP address passes. */
const hostname = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?=[a-z0-9-]*[a-z])[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/;
/** What `domainToASCII` may get: it reads the other ASCII characters as parts of a URL. */
const domainCharacters = /^[A-Za-z0-9.\u0080-\u{10ffff}-]+$/u;

/**
 * Normalizes an e-mail address to `local@A-label`, with the domain in lower case.
 * @returns undefined for what is not an address of dot-atoms and a host name (RFC 5321, RFC 6531)
 */
const normalizeEmail = rememberLast((address): string | undefined => {
  const [local = '', domain = '', ...rest] = address.split('@');
  if (rest.length > 0 || !dotAtoms.test(local) || invisible.test(local) || !domainCharacters.test(domain))
    return undefined;
  const ascii = domainToASCII(domain);
  return hostname.test(ascii) ? `${local}@${ascii}` : undefined;
});

const isWithinLimits = (address: string): boolean =>
  Buffer.byteLength(address.slice(0, address.indexOf('@'))) <= maxOctets.local &&
  Buffer.byteLength(address) <= maxOctets.address;

/** An e-mail address, internationalized or not (RFC 5321, RFC 6531). Normalized to `local@A-label`, with the domain in lower case. */
export const Email = text(maxOctets.address).pipe(
  z
    .string()
    .overwrite((address) => normalizeEmail(address) ?? address)
    .check(check((address) => normalizeEmail(address) !== undefined, 'must be an e-mail address'))
    .check(
      check(
        (address) => normalizeEmail(address) === undefined || isWithinLimits(address),
        `must have at most ${maxOctets.local} octets before the @ and ${maxOctets.address} in all`,
      ),
    )
    .meta({ format: 'email' }),
);

/** The e-mail address of a sign-in: normalized alike, and nothing else is rejected, because older accounts may have any. */
export const LoginEmail = text(maxOctets.address)
  .overwrite((address) => normalizeEmail(address) ?? address)
  .meta({ format: 'email' });

/** Returns a normalized address with its domain in Unicode, as people read it. */
export function unicodeEmail(address: string): string {
  if (!address.includes('xn--')) return address; // no A-label (RFC 5890)
  const domain = address.indexOf('@') + 1;
  return address.slice(0, domain) + domainToUnicode(address.slice(domain));
}
