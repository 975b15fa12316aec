import type { Company, TestUser } from '@clientela/testing';
import { test } from 'vitest';
import { createTestPrivacy, type TestPrivacy } from './test-privacy.ts';

type Lines = { table: string; rows: number }[];
/** Rows of each table in one part of a receipt. */
export const counted = (lines: Lines) => Object.fromEntries(lines.map((line) => [line.table, line.rows]));

/** The steps of an erasure that is done. */
export const allDone = {
  auth: 'done',
  customer: 'done',
  interaction: 'done',
  product: 'done',
  favorites: 'done',
};

/** Events of the company that say that a customer was erased. */
export const erasedEvents = async (privacy: TestPrivacy, company: Company) =>
  (await privacy.service.events('customer.erased')).filter(({ company_id }) => company_id === company.id);

const receiptOf = async (admin: TestUser, id: string) =>
  (await admin.get(`/api/gdpr/requests/${id}/receipt`).expect(200)).body;

/** Tests with one customer service per file, and a company for each test, which starts the erasure worker when it needs it. */
export const erasureTest = test
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the fixture's dependencies from the pattern: none
  .extend('sharedPrivacy', { scope: 'file' }, async ({}, { onCleanup }) => {
    const privacy = await createTestPrivacy();
    onCleanup(() => privacy.close());
    return privacy;
  })
  .extend('privacy', ({ sharedPrivacy: privacy }, { onCleanup }) => {
    privacy.peers.erased.length = 0;
    privacy.peers.signed.length = 0;
    onCleanup(async () => {
      await privacy.stopWorker();
      privacy.peers.failures.clear();
    });
    return privacy;
  })
  .extend('company', ({ privacy }) => privacy.service.company())
  .extend('admin', ({ privacy, company }) => privacy.service.user('admin', company))
  .extend(
    'rows',
    ({ privacy, company }) =>
      (table: string) =>
        privacy.service.database.owner(table).where({ company_id: company.id }),
  )
  .extend(
    'requestErasure',
    ({ admin }) =>
      (body: object, query = '') =>
        admin.post(`/api/gdpr/delete${query}`, body),
  )
  .extend(
    'receiptOf',
    ({ admin }) =>
      (id: string) =>
        receiptOf(admin, id),
  )
  .extend(
    'ownPart',
    ({ admin }) =>
      async (id: string): Promise<{ erased: Lines; kept: Lines }> =>
        (await receiptOf(admin, id)).receipt.services.find((part: { service: string }) => part.service === 'customer'),
  );
