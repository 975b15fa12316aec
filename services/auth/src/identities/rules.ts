import { Email } from '@clientela/validation';
import { localPart } from '../accounts/rules.ts';

// The Kelvin sign is a K to normalization and a k to the database, but not to the mail server of its owner.

/** Reads an address as a provider says it. @returns null for none, and for one that normalization would make another one of */
export function readAddress(claim: unknown): string | null {
  const email = Email.safeParse(claim).data;
  return typeof claim === 'string' && email !== undefined && localPart(claim) === localPart(email) ? email : null;
}

const asciiLower = (text: string) => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Whether two addresses are one, but for the case of ASCII letters: the database folds further ones. */
export const isSameAddress = (one: string, other: string): boolean => asciiLower(one) === asciiLower(other);
