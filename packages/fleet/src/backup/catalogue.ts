import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Service, services } from '../launcher/services.ts';
import { isInside, isMissing } from './files.ts';

export const catalogueFile = 'catalogue.json';
export const erasuresFile = 'erasures.jsonl';
/** The settings as the backup has them. */
export const settingsFile = 'settings.env';
/** The file of the password of the server's superuser, among the secrets. */
export const adminPassword = 'postgres_password';
/** The folders of a backup, besides single files. */
export const parts = { cluster: 'postgres', secrets: 'secrets', avatars: 'avatars', imports: 'imports' } as const;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const byService = <V extends z.ZodType>(value: V) =>
  z.object(Object.fromEntries(services.map((service) => [service, value])) as Record<Service, V>);

/** What a backup is: its versions, its moment and its checksums. Written last. */
export const Catalogue = z.object({
  format: z.literal(1),
  clientela: z.string(),
  started_at: z.iso.datetime(),
  /** All that was acknowledged before this time is in the backup. */
  consistent_at: z.iso.datetime(),
  platform: z.string(),
  postgres: z.object({
    version: z.string(),
    start_lsn: z.string(),
    stop_lsn: z.string(),
    wal_segments: z.int(),
    /** All folders of the data folder; some of them are empty. */
    folders: z.array(
      z
        .string()
        .regex(/^\w[\w./-]*$/)
        .refine(isInside),
    ),
  }),
  /** Names of the migrations of each database, in their order. */
  migrations: byService(z.array(z.string())),
  /** SHA-256 of each service's own secret, without which its data cannot be used. */
  secrets: byService(sha256),
  /** Whether events went through RabbitMQ, whose queues are not in the backup. */
  broker: z.boolean(),
  avatars: z.enum(['included', 'in a bucket']),
  files: z.int(),
  bytes: z.int(),
  /** SHA-256 of the file SHA256SUMS. */
  sums: sha256,
});
export type Catalogue = z.infer<typeof Catalogue>;

/** Reads the catalogue of a backup. @throws Error in one sentence when the folder is no complete backup, or one of another format */
export async function readCatalogue(backup: string): Promise<Catalogue> {
  if (backup.endsWith('.unfinished')) throw new Error(`${backup} is a backup that was interrupted.`);
  const text = await readFile(join(backup, catalogueFile), 'utf8').catch((error: unknown) => {
    if (isMissing(error)) throw new Error(`${backup} is no backup: it has no ${catalogueFile}.`);
    throw error;
  });
  try {
    return Catalogue.parse(JSON.parse(text));
  } catch {
    throw new Error(`${join(backup, catalogueFile)} is damaged, or of another version.`);
  }
}

/** Names the kind of machine that data files fit. */
export const platform = `${process.platform}-${process.arch}`;

/** The major version in a version such as 18.4. */
export const majorOf = (version: string): number => Number.parseInt(version, 10);
