import {
  keyword,
  pageSchema,
  queryBoolean,
  queryPage,
  queryPerPage,
  text,
  Uuid,
  nameSchemas,
} from '@clientela/validation';
import { z } from 'zod';
import { encodingByName } from './tabular/encoding.ts';
import { isRole } from './tabular/roles.ts';

const matchOn = ['email', 'phone', 'external_id'] as const;
const onMatch = ['skip', 'update'] as const;
export const importStatuses = ['queued', 'running', 'done', 'cancelled', 'failed'] as const;

/** Names of separators beside the characters themselves, for callers that cannot send a tab. */
const separatorNames: Readonly<Record<string, string>> = {
  tab: '\t',
  '\\t': '\t',
  comma: ',',
  semicolon: ';',
  pipe: '|',
};
const Separator = z
  .string('must be given once')
  .transform((word) => separatorNames[word.toLowerCase()] ?? word)
  .refine((word) => [',', ';', '\t', '|'].includes(word), 'must be one of , ; | tab')
  .meta({ type: 'string', examples: [',', ';', 'tab', '|'] });

/** A form holds text only: `mapping` is JSON there, and `dry_run` a word. */
const fromText = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};
const unknownRole = 'is not a field, such as email, phone.mobile, address.line, metadata or left_behind';
const Mapping = z.preprocess(
  fromText,
  z
    .record(
      z.string().max(1000),
      z.string().max(100).refine(isRole, unknownRole).nullable(),
      'must be an object of column names and fields',
    )
    .refine((mapping) => Object.keys(mapping).length <= 1000, 'must have at most 1000 columns'),
);

const choices = {
  match_on: keyword(matchOn).optional(),
  on_match: keyword(onMatch).optional(),
  dry_run: z.preprocess((value) => (typeof value === 'boolean' ? String(value) : value), queryBoolean).optional(),
  encoding: text(40)
    .refine((name) => encodingByName(name) !== undefined, 'must be an encoding such as utf-8, utf-16le or windows-1252')
    .optional(),
  separator: Separator.optional(),
};

/** Options as query parameters. */
export const ImportOptionsQuery = z.strictObject(choices);

/** The fields of the form, or a JSON body that names another source than a file. */
export const NewImport = z.strictObject({
  source: keyword(['file', 'vaptekesync']).optional().meta({ description: '`file` only with a file, and its default' }),
  ...choices,
  mapping: Mapping.optional().meta({
    description:
      'Column name → field; null leaves the column behind. Columns that are not named are mapped as without it',
  }),
});
export type NewImport = z.infer<typeof NewImport>;

/** What decides how an import runs, with defaults. */
export type ImportOptions = {
  match_on: (typeof matchOn)[number];
  on_match: (typeof onMatch)[number];
  dry_run: boolean;
  encoding: string | null;
  separator: string | null;
  mapping: Record<string, string | null> | null;
};

const count = z.int().min(0);
export const Import = z.strictObject({
  id: Uuid,
  status: z.enum(importStatuses),
  source: z.enum(['file', 'vaptekesync']),
  format: z.string().nullable(),
  encoding: z.string().nullable(),
  separator: z.string().nullable(),
  mapping: z.record(z.string(), z.string().nullable()).nullable(),
  left_behind: z.array(z.string()).meta({ description: 'Columns that no field takes' }),
  match_on: z.enum(matchOn),
  on_match: z.enum(onMatch),
  dry_run: z.boolean(),
  read: count.meta({ description: 'Rows that are not wholly empty' }),
  created: count,
  updated: count,
  skipped: count,
  failed: count,
  warnings: count.meta({ description: 'Values that were left out of imported rows' }),
  source_counts: z.record(z.string(), count).optional().meta({ description: 'Further counts of source vaptekesync' }),
  percent: z.int().min(0).max(100),
  eta: z.string().nullable(),
  error: z.string().nullable().meta({ description: 'Why the whole import failed' }),
  error_code: z.string().nullable(),
  created_by: z.string(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
});
export type Import = z.infer<typeof Import>;

export const ImportParams = z.strictObject({ import_id: Uuid });
export const ImportQuery = z.strictObject({ page: queryPage, per_page: queryPerPage() });
export type ImportQuery = z.infer<typeof ImportQuery>;
export const ImportPage = pageSchema('imports', Import);
export const ImportResponse = z.strictObject({ import: Import });
export const SavedImportResponse = z.strictObject({ message: z.string(), import: Import });

nameSchemas({ NewImport, Import, ImportPage, ImportResponse, SavedImportResponse });
