// Imported one by one, because the package's index loads the validators of a hundred countries.
import * as cnpj from 'stdnum/lib/cjs/br/cnpj.js';
import * as cpf from 'stdnum/lib/cjs/br/cpf.js';
import * as chile from 'stdnum/lib/cjs/cl/rut.js';
import * as nit from 'stdnum/lib/cjs/co/nit.js';
import { text } from './text.ts';

/** The type of an identity document: a code, accepted in any case, stored in lower case. */
export const DocumentType = text(50)
  .overwrite((code) => code.toLowerCase())
  .refine((code) => /^[a-z][a-z0-9_]*$/.test(code), 'must be a code of letters, digits and _');

/** A document number. Spaces, dots, hyphens and invisible characters are removed. */
export const DocumentNumber = text(100)
  .overwrite((number) => normalizeDocumentNumber(number))
  .refine((number) => /[\p{L}\p{N}]/u.test(number), 'must have a letter or digit');

/** Spaces, dots, invisible characters, and hyphens, the minus sign and its like among them. */
const separators =
  /[\s.\p{Default_Ignorable_Code_Point}\ufff9-\ufffb\p{Dash_Punctuation}\u02d7\u2043\u207b\u208b\u2212]/gu;

/** Removes separators, and the slash of a CNPJ, and converts to upper case. The migration's `compared_document` removes the same. */
export function normalizeDocumentNumber(number: string, type?: string | null): string {
  const cleaned = number.replaceAll(separators, '').toUpperCase();
  return type === 'cnpj' ? cleaned.replaceAll('/', '') : cleaned;
}

/** Returns the form in which document numbers are compared, as the migration's function of that name does. */
export function comparedDocument(number: string, type?: string | null): string {
  const cleaned = normalizeDocumentNumber(number, type);
  return (type === 'nit' || type === 'rut') && /^\d{10,}$/.test(cleaned) ? cleaned.slice(0, -1) : cleaned;
}

type Document = { type: string | null | undefined; number: string | null | undefined };

/** Returns the number of a document as it is stored after a change: the stored spelling, while type and number are the same. */
export function resolveDocumentNumber(stored: Document, { type, number }: Document): string | null {
  if (typeof number !== 'string') return null;
  const cleaned = normalizeDocumentNumber(number, type);
  const isSame = type === stored.type && cleaned === normalizeDocumentNumber(stored.number ?? '', type);
  return isSame ? (stored.number ?? null) : cleaned;
}

const hasNineDigits = /^\d{9}$/;
const isNit = (number: string) => hasNineDigits.test(number) || nit.validate(number).isValid;
const isRepeatedDigit = (number: string) => /^(\d)\1*$/.test(number);

/** The validators by document type, of a number and the country of its company. */
const validators: Readonly<Record<string, (number: string, country: string | undefined) => boolean>> = {
  cpf: (number) => cpf.validate(number).isValid && !isRepeatedDigit(number),
  cnpj: (number) => cnpj.validate(number).isValid && !isRepeatedDigit(normalizeDocumentNumber(number, 'cnpj')),
  nit: isNit,
  // Chile's, which always has a check digit, or Colombia's, which is the NIT.
  rut: (number, country) => chile.validate(number).isValid || (country !== 'CL' && isNit(number)),
};

/**
 * Validates the check digits of a document number.
 * A NIT, and outside of Chile a RUT, may omit the check digit (nine digits). CPF and CNPJ must have theirs. Other types are not validated.
 * @param country ISO 3166 code of the company; undefined where it is not known yet, which accepts the forms of every country
 * @returns the error message, or undefined for a valid number
 */
export function documentNumberError(type: string, number: string, country?: string): string | undefined {
  const isValid = Object.hasOwn(validators, type) ? validators[type] : undefined;
  return !isValid || isValid(number, country) ? undefined : `is not a valid ${type.toUpperCase()}`;
}
