import type { Tx } from '@clientela/db';
import { conflict } from '@clientela/errors';
import type { CompanyActor } from '@clientela/http';
import type { Job } from '../../jobs/schema.ts';
import { createJob } from '../../jobs/actions.ts';
import { findJob } from '../../jobs/store.ts';
import { requireImport } from '../actions.ts';
import { findUndo, lockImport, saveUndo } from './store.ts';

const UNDO_PERIOD = 7 * 86_400_000; // milliseconds

/**
 * Queues the undo of an import that has ended.
 * @throws AppError 404; 409 `IMPORT_NOT_ENDED`, `IMPORT_DRY_RUN`, `IMPORT_UNDO_EXPIRED` or `IMPORT_ALREADY_UNDONE`
 */
export async function createUndo(tx: Tx, actor: CompanyActor, import_id: string): Promise<Job> {
  const { company_id } = actor;
  await lockImport(tx, company_id, import_id);
  const { status, dry_run, ended_at, created, updated } = await requireImport(tx, company_id, import_id);
  if (status === 'queued' || status === 'running')
    throw conflict({ error_code: 'IMPORT_NOT_ENDED', detail: `The import is ${status}` });
  if (dry_run) throw conflict({ error_code: 'IMPORT_DRY_RUN', detail: 'The import was a dry run and changed nothing' });
  if (ended_at === null || Date.parse(ended_at) < Date.now() - UNDO_PERIOD)
    throw conflict({ error_code: 'IMPORT_UNDO_EXPIRED', detail: 'An import can be undone for 7 days after its end' });
  const earlier = await findUndo(tx, company_id, import_id);
  const job = earlier && (await findJob(tx, company_id, earlier.job_id));
  if (job && job.status !== 'cancelled' && job.status !== 'failed')
    throw conflict({ error_code: 'IMPORT_ALREADY_UNDONE', detail: 'The import is undone, or being undone' });
  const input = { import_id, total: created + updated };
  const queued = await createJob(tx, actor, { kind: 'customers.import.undo', input });
  await saveUndo(tx, company_id, import_id, queued.id);
  return queued;
}
