import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';
import { unavailable } from '@clientela/errors';
import { route, type CompanyActor, type CompanyClient, type Route } from '@clientela/http';
import { requireCompany } from '../../customers/company.ts';
import { createImport, requireImport } from '../actions.ts';
import type { Import } from '../schema.ts';
import { requireSource, sourceImportError, sourceImportOptions, toSourceCounts } from './outcome.ts';
import { SourceImportResponse } from './schema.ts';
import type { ImportSource } from './settings.ts';

const pollInterval = 250; // milliseconds

export type SourceImportDeps = {
  companies: CompanyClient;
  /** Undefined when none is configured. */
  importSource: ImportSource | undefined;
  /** Aborts when the service stops. */
  stopping?: AbortSignal | undefined;
};

type Call = { actor: CompanyActor; signal: AbortSignal };

/** The import of the legacy API: starts the job and responds when it has ended. */
export const sourceImportRoutes = ({ companies, importSource, stopping }: SourceImportDeps): Route[] => {
  const prepare = ({ actor, signal }: Call) => {
    requireSource(importSource);
    return requireCompany(companies, actor.company_id, { actor, signal });
  };
  const run = async (db: Db, { actor, signal }: Call, company: { country: string; currency: string }) => {
    const { id } = await db.transaction((tx) => createImport(tx, actor, { ...sourceImportOptions(false), company }));
    const ended = await waitForEnd(db, { company_id: actor.company_id, id }, signal, stopping);
    if (ended.status !== 'done') throw sourceImportError(ended);
    return { success: true as const, message: 'Customers imported', data: toSourceCounts(ended) };
  };
  const definition = {
    path: '/grpc/v1/service/import_customers',
    summary: 'Import customers from vAptekeSync (legacy API)',
    description:
      'Starts an import from the configured database and responds when it has ended. A client that disconnects leaves it running. ' +
      '503 IMPORT_SOURCE_NOT_CONFIGURED without such a database, 503 IMPORT_SOURCE_UNAVAILABLE when it stays unavailable after the ' +
      'configured tries, 409 IMPORT_IN_PROGRESS while another one is running.',
    allow: 'customers:import',
    deadline: 1_800_000,
    responses: { 200: SourceImportResponse },
  } as const;
  return [
    route({
      ...definition,
      method: 'get',
      operation: 'imports.vaptekesync.run_by_get',
      errors: {
        404: ['COMPANY_NOT_FOUND'],
        409: ['IMPORT_CANCELLED', 'IMPORT_IN_PROGRESS', 'TOO_MANY_JOBS'],
        503: ['IMPORT_FAILED', 'IMPORT_SOURCE_NOT_CONFIGURED', 'IMPORT_SOURCE_UNAVAILABLE'],
      },
      transaction: 'own', // the job runs meanwhile
      prepare,
      handle: ({ db, prepared, ...call }) => run(db, call, prepared),
    }),
    route({
      ...definition,
      method: 'post',
      operation: 'imports.vaptekesync.run',
      errors: {
        404: ['COMPANY_NOT_FOUND'],
        409: ['IMPORT_CANCELLED', 'IMPORT_IN_PROGRESS', 'TOO_MANY_JOBS'],
        503: ['IMPORT_FAILED', 'IMPORT_SOURCE_NOT_CONFIGURED', 'IMPORT_SOURCE_UNAVAILABLE'],
      },
      transaction: 'own',
      idempotency: 'off', // running it again adds nothing
      prepare,
      handle: ({ db, prepared, ...call }) => run(db, call, prepared),
    }),
  ];
};

/** Waits until an import has ended. The job runs in another process, so its row is read from time to time. */
async function waitForEnd(
  db: Db,
  { company_id, id }: { company_id: string; id: string },
  signal: AbortSignal,
  stopping: AbortSignal | undefined,
): Promise<Import> {
  const ending = stopping ? AbortSignal.any([signal, stopping]) : signal;
  for (;;) {
    const found = await requireImport(db, company_id, id);
    if (found.status !== 'queued' && found.status !== 'running') return found;
    await sleep(pollInterval, undefined, { signal: ending }).catch(() => {});
    if (ending.aborted) throw unavailable('The import continues; its state is at /api/customers/imports');
  }
}
