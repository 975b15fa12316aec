import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '@clientela/contracts';
import { createLog } from '@clientela/runtime';
import { testSecret, type TestUser, type TestService } from '@clientela/testing';
import type { Test } from 'supertest';
import { expect } from 'vitest';
import { createDiskStorage } from '../avatars/disk-storage.ts';
import type { AvatarStorage } from '../avatars/storage.ts';
import { createTestCustomer } from '../testing/test-customer.ts';
import { fingerprints } from '../tombstones/fingerprints.ts';
import { othersUnderTest, type OthersUnderTest } from './others-under-test.ts';
import { startErasing } from './worker.ts';

export type GdprUnderTest = {
  service: TestService;
  others: OthersUnderTest;
  folder: string;
  /** The files that the storage of pictures holds. */
  files: () => string[];
  /** Has erasures carried out from now on, as a process of the service does. */
  work: (pictures?: AvatarStorage) => void;
  /** Ends that, as a restart does. */
  rest: () => Promise<void>;
  /** A user of the company, as auth knows it. */
  newUser: (role?: Role, last_admin?: boolean) => string;
  newCustomer: (by: TestUser, values?: object) => Promise<{ id: string; number: number; email: string }>;
  /** Asks for an erasure. @returns the request's id */
  erase: (by: TestUser, body: object) => Promise<string>;
  requestOf: (by: TestUser, id: string) => Promise<{ status: string; services: Record<string, string> }>;
  /** Waits until an erasure is done. */
  done: (by: TestUser, id: string) => Promise<void>;
  close: () => Promise<void>;
};

/** On a busy machine one may wait too long for a lock or a connection, which is a 503 before anything was done: it asks again. */
export async function patiently(ask: () => Test) {
  let answer = await ask();
  while (answer.status === 503) answer = await ask();
  return answer;
}

/** The customer service with its erasures, beside stand-ins of the others. */
export async function gdprUnderTest(options: Parameters<typeof createTestCustomer>[0] = {}): Promise<GdprUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'clientela-gdpr-'));
  const storage = createDiskStorage(folder);
  const others = await othersUnderTest();
  let worker: ReturnType<typeof startErasing> | undefined;
  const service = await createTestCustomer({
    pool: 10,
    others: others.clients,
    avatarStorage: storage,
    erasing: () => worker?.wake(),
    ...options,
  });
  const rest = async () => {
    await worker?.stop();
    worker = undefined;
  };
  const requestOf = async (by: TestUser, id: string) =>
    (await by.get(`/api/gdpr/requests/${id}`).expect(200)).body.request;
  return {
    service,
    others,
    folder,
    files: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((one) => one.isFile())
        .map(({ name }) => name),
    work: (pictures = storage) => {
      const { db, url } = service.database;
      const log = createLog('test', 'silent', { redact: [] });
      worker = startErasing({
        db,
        url,
        fingerprints: fingerprints(testSecret),
        pictures,
        others: others.clients,
        log,
      });
    },
    rest,
    newUser: (role = 'customer', last_admin = false) => {
      const id = randomUUID();
      others.users.set(id, { role, last_admin });
      return id;
    },
    newCustomer: async (by, values = {}) => {
      const body = { email: `${randomUUID()}@example.com`, ...values };
      return (await patiently(() => by.post('/api/customers', body))).body.customer;
    },
    erase: async (by, body) => {
      const { body: answer, status } = await patiently(() => by.post('/api/gdpr/delete', body));
      expect(status).toBe(202);
      return answer.request.id as string;
    },
    requestOf,
    done: async (by, id) => {
      await expect.poll(async () => (await requestOf(by, id)).status, { timeout: 30_000 }).toBe('done');
    },
    close: async () => {
      await rest();
      await Promise.all([service.close(), others.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}
