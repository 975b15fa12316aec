import { createHmac } from 'node:crypto';
import { deriveKey } from '@clientela/runtime';

/** The fields by which an import would bring an erased person back. */
const fields = ['email', 'phone', 'document_number', 'external_id'] as const;
export type Field = (typeof fields)[number];
/** A record's own, in the spelling in which they are stored. */
export type Values = { readonly [F in Field]?: string | null | undefined };

/** As values are compared within a company: an e-mail without regard to case, a phone by its digits. */
const compared: Readonly<Record<Field, (value: string) => string>> = {
  email: (value) => value.toLowerCase(),
  phone: (value) => value.replace(/^\++/, ''),
  document_number: (value) => value,
  external_id: (value) => value,
};

/** What is kept of each value that a record has. */
export type Fingerprints = (company_id: string, values: Values) => { field: Field; fingerprint: Buffer }[];

/**
 * HMAC-SHA-256 (RFC 2104) over company, name of the field and value, under a key that HKDF (RFC 5869) makes for them alone: equal values of
 * two companies, or of two fields, cannot be told to be equal, and nothing can be tried out without the key.
 * @param secret this service's own, 32 bytes in base64url
 */
export function fingerprints(secret: string): Fingerprints {
  const key = deriveKey(secret, 'clientela erased people');
  return (company_id, values) =>
    fields.flatMap((field) => {
      const value = values[field];
      if (value === undefined || value === null) return [];
      const said = [company_id, field, compared[field](value)].join('\0');
      return [{ field, fingerprint: createHmac('sha256', key).update(said).digest() }];
    });
}
