import type { FieldError } from '@clientela/errors';
import leven, { closestMatch } from 'leven';
import { z } from 'zod';

/** The most errors of one response. */
export const maxErrors = 100;
/** The longest name that an error repeats. */
const maxNameLength = 100;

/** Joins the names of a path with dots. Cuts long names, because clients choose them. */
export const joinPath = (path: readonly PropertyKey[]): string => path.map(shortName).join('.');

const shortName = (name: PropertyKey) => {
  const text = String(name);
  return text.length > maxNameLength ? `${text.slice(0, maxNameLength - 1).toWellFormed()}…` : text;
};

/** Parses a value. Its issues have the messages that `fieldErrors` expects. */
export const parseWith = <Schema extends z.ZodType>(schema: Schema, value: unknown) =>
  schema.safeParse(value, { error: issueMessage, reportInput: true });

/** Converts the issues of `parseWith` to field errors: one per invalid field, and one per unknown field. */
export function fieldErrors(issues: readonly z.core.$ZodIssue[]): FieldError[] {
  const byPath = new Map<string, FieldError>();
  for (const error of issues.flatMap(errorsOf)) if (!byPath.has(error.path)) byPath.set(error.path, error);
  return [...byPath.values()];
}

function errorsOf(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return issue.keys
      .slice(0, maxErrors)
      .map((key, index) => ({ path: joinPath([...issue.path, key]), message: messages[index] ?? '' }));
  }
  return [{ path: joinPath(issue.path), message: isMissing(issue) ? 'is required' : issue.message }];
}

/** A schema's own message describes an invalid value, not a missing one. */
function isMissing(issue: z.core.$ZodIssue): boolean {
  if (issue.code === 'custom') return false;
  if (issue.code !== 'invalid_union' || !issue.discriminator) return issue.input === undefined;
  return (issue.input as Record<string, unknown>)[issue.discriminator] === undefined;
}

/** Words an issue as a predicate of its field, where the schema has no message of its own. */
function issueMessage(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return boundMessage(issue.origin, 'at least', issue.minimum);
    case 'too_big':
      return boundMessage(issue.origin, 'at most', issue.maximum);
    case 'unrecognized_keys':
      return unknownMessages(issue.keys.slice(0, maxErrors), knownFields(issue.inst));
    case 'invalid_key':
      return 'has an invalid name';
    default:
      return 'has an invalid value';
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

const boundMessage = (origin: string, relation: string, bound: number | bigint) => {
  if (origin !== 'string' && origin !== 'array') return `must be ${relation} ${bound}`;
  const unit = origin === 'string' ? 'character' : 'item';
  return `must have ${relation} ${bound} ${unit}${bound === 1 ? '' : 's'}`;
};

/** Lists the fields of an object schema that clients may write. */
const knownFields = (schema: unknown): string[] =>
  schema instanceof z.ZodObject
    ? Object.keys(schema.shape).filter((field) => !z.globalRegistry.get(schema.shape[field])?.['readOnly'])
    : [];

/** Returns one line for each name. */
const unknownMessages = (names: readonly string[], known: readonly string[]): string =>
  names
    .map((name) => {
      const suggestion = name.length > maxNameLength ? undefined : suggestName(name, known);
      return `is not a known field${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`;
    })
    .join('\n');

const maxEdits = 2;
const minPrefixLength = 3;

/** Finds the nearest name within two edits, but less than half of the name; else one that begins alike. */
function suggestName(name: string, known: readonly string[]): string | undefined {
  // Compares lengths first, because a client may send a hundred names in each operation of a batch.
  const ofSimilarLength = known.filter((field) => Math.abs(field.length - name.length) <= maxEdits);
  const nearest = closestMatch(name, ofSimilarLength, { maxDistance: maxEdits });
  if (nearest !== undefined && 2 * leven(name, nearest) < Math.max(name.length, nearest.length)) return nearest;
  return known.find((field) => hasPrefix(name, field) || hasPrefix(field, name));
}

const hasPrefix = (text: string, prefix: string) => prefix.length >= minPrefixLength && text.startsWith(prefix);
