import { createHmac } from 'node:crypto';
import { deriveKey } from '@clientela/runtime';
import { comparedDocument } from '@clientela/validation';

/** Fields that identify a person in an import. */
const suppressedFields = ['email', 'phone', 'document_number', 'external_id'] as const;
export type SuppressedField = (typeof suppressedFields)[number];
/** The identifying values of a record, as stored. */
export type IdentifyingValues = { readonly [Field in SuppressedField | 'document_type']?: string | null | undefined };

/** Normalizes values as uniqueness within a company does: e-mails in lower case, phones as digits, documents without a check digit. */
const normalize: Readonly<Record<SuppressedField, (value: string, type?: string | null) => string>> = {
  email: (value) => value.toLowerCase(),
  phone: (value) => value.replace(/^\++/, ''),
  document_number: comparedDocument,
  external_id: (value) => value,
};

/** Computes a fingerprint of each identifying value that a record has. */
export type Fingerprinter = (
  company_id: string,
  values: IdentifyingValues,
) => { field: SuppressedField; fingerprint: Buffer }[];

/**
 * Fingerprints are HMAC-SHA-256 (RFC 2104) over company, field name and value, under a key that HKDF (RFC 5869) derives for them alone.
 * Equal values of two companies, or of two fields, differ, and no value can be tested without the key.
 * @param secret the service's secret, 32 bytes in base64url
 */
export function createFingerprinter(secret: string): Fingerprinter {
  const key = deriveKey(secret, 'clientela erased people');
  return (company_id, values) =>
    suppressedFields.flatMap((field) => {
      const value = values[field];
      if (value === undefined || value === null) return [];
      const message = [company_id, field, normalize[field](value, values.document_type)].join('\0');
      return [{ field, fingerprint: createHmac('sha256', key).update(message).digest() }];
    });
}
