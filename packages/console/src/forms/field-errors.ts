import { ClientelaError } from '@clientela/client';
import type { TFunction } from 'i18next';
import { describeError } from '../ui/failure.tsx';

/** Why each field was refused: a value that is taken in the person's language, else as the server says it. */
export function fieldErrors(error: unknown, t: TFunction): Readonly<Record<string, string>> {
  if (!(error instanceof ClientelaError)) return {};
  if (!error.code.endsWith('_TAKEN')) return error.fields;
  return Object.fromEntries(Object.keys(error.fields).map((path) => [path, describeError(error, t)]));
}
