import { mapConstraintErrors, newId, type Db, type Tx } from '@clientela/db';
import { conflict, notFound } from '@clientela/errors';
import type { CompanyActor } from '@clientela/http';
import { createJob, requestCancellation } from '../jobs/actions.ts';
import type { Import, ImportOptions } from './schema.ts';
import { findImport, insertImport } from './store.ts';

export type SourceOfImport =
  | { source: 'file'; file: string; upload_started_at: Date }
  | { source: 'vaptekesync'; file: null; upload_started_at: null };

/**
 * Creates an import and its job, which share their id.
 * @throws AppError 409 `TOO_MANY_JOBS`, or `IMPORT_IN_PROGRESS` for another import from the same outside source
 */
export async function createImport(
  tx: Tx,
  actor: CompanyActor,
  {
    source,
    options,
    company,
  }: { source: SourceOfImport; options: ImportOptions; company: { country: string; currency: string } },
): Promise<Import> {
  const { company_id } = actor;
  const id = newId();
  const { country, currency } = company;
  await insertImport(tx, company_id, { id, ...source, ...options, country, currency, created_by: actor.id });
  const input = source.source === 'file' ? {} : { source: source.source };
  await mapConstraintErrors(createJob(tx, actor, { id, kind: 'customers.import', input }), {
    jobs_import_source_unfinished: () =>
      conflict({ error_code: 'IMPORT_IN_PROGRESS', detail: 'An import from this source is in progress' }),
  });
  return requireImport(tx, company_id, id);
}

/** @throws AppError 404 for an unknown import, 409 for one that has ended */
export async function cancelImport(tx: Tx, company_id: string, id: string): Promise<Import> {
  await requireImport(tx, company_id, id);
  await requestCancellation(tx, company_id, id);
  return requireImport(tx, company_id, id);
}

/** @throws AppError 404 for an unknown import */
export async function requireImport(db: Db, company_id: string, id: string): Promise<Import> {
  const found = await findImport(db, company_id, id);
  if (!found) throw notFound('import');
  return found;
}
