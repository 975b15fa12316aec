import { z } from 'zod';
import { check } from './check.ts';

const maxDepth = 32;

/** @param depth number of containers around the value */
const isCleanJson = (value: unknown, depth = 0): boolean => {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  if (depth === maxDepth) return false;
  return Object.entries(value).every(([key, nested]) => isCleanJson(key, depth) && isCleanJson(nested, depth + 1));
};

/** A JSON object of at most `bytes` bytes of UTF-8, nested at most 32 deep. */
export const jsonObject = (bytes: number) =>
  z
    .record(z.string(), z.json(), 'must be a JSON object')
    .check(check((value) => isCleanJson(value), 'must not contain NUL or broken Unicode, and not nest deeper than 32'))
    .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= bytes, `must not be larger than ${bytes / 1024} KiB`)
    .meta({ type: 'object' });

const maxMetadataBytes = 64 * 1024;

/** The metadata of a record: values of the company's own. */
export const Metadata = jsonObject(maxMetadataBytes);
export type Metadata = z.infer<typeof Metadata>;

/** Merges metadata by key, at every depth; null removes a key (RFC 7396). */
export const mergeMetadata = (current: Metadata, patch: Metadata): Metadata => mergePatch(current, patch) as Metadata;

/** Returns the error of metadata that merging has made too large. */
export function metadataErrors(metadata: Metadata): { path: string; message: string }[] {
  const { error } = Metadata.safeParse(metadata);
  return (error?.issues ?? []).map(({ message }) => ({ path: 'metadata', message }));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Applies a JSON merge patch. Its depth is that of its arguments, which bodies limit. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

/** An integer in a request body. An invalid one does not stop the validation of other fields, as zod's `int` would. */
export const integer = (min: number, max: number) =>
  z
    .number()
    .check(
      check(
        (value) => Number.isInteger(value) && value >= min && value <= max,
        `must be a whole number from ${min} to ${max}`,
      ),
    )
    .meta({ type: 'integer', minimum: min, maximum: max });
