import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '@clientela/contracts';
import { createLog } from '@clientela/runtime';
import { testSecret, type TestUser, type TestService } from '@clientela/testing';
import type { Test } from 'supertest';
import { expect } from 'vitest';
import { folderStorage } from '../../avatars/folder.ts';
import type { Storage } from '../../avatars/storage.ts';
import { customerUnderTest } from '../../customer-under-test.ts';
import { createFingerprinter } from '../../tombstones/fingerprints.ts';
import { createStubPeers, type StubPeers } from './stub-peers.ts';
import { startErasureWorker } from '../worker.ts';

export type TestPrivacy = {
  service: TestService;
  peers: StubPeers;
  folder: string;
  /** The files that the storage of pictures holds. */
  files: () => string[];
  /** Has erasures carried out from now on, as a process of the service does. */
  startWorker: (pictures?: Storage) => void;
  /** Ends that, as a restart does. */
  stopWorker: () => Promise<void>;
  /** A user of the company, as auth knows it. */
  newUser: (role?: Role, last_admin?: boolean) => string;
  newCustomer: (by: TestUser, values?: object) => Promise<{ id: string; number: number; email: string }>;
  /** Asks for an erasure. @returns the request's id */
  erase: (by: TestUser, body: object) => Promise<string>;
  requestOf: (by: TestUser, id: string) => Promise<{ status: string; services: Record<string, string> }>;
  /** Waits until an erasure is done. */
  untilDone: (by: TestUser, id: string) => Promise<void>;
  close: () => Promise<void>;
};

/** On a busy machine one may wait too long for a lock or a connection, which is a 503 before anything was done: it asks again. */
export async function retryUnavailable(ask: () => Test) {
  let answer = await ask();
  while (answer.status === 503) answer = await ask();
  return answer;
}

/** The customer service with its erasures, beside stand-ins of the others. */
export async function createTestPrivacy(options: Parameters<typeof customerUnderTest>[0] = {}): Promise<TestPrivacy> {
  const folder = mkdtempSync(join(tmpdir(), 'clientela-gdpr-'));
  const storage = folderStorage(folder);
  const others = await createStubPeers();
  let worker: ReturnType<typeof startErasureWorker> | undefined;
  const service = await customerUnderTest({
    pool: 10,
    peers: others.clients,
    pictures: storage,
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
    peers: others,
    folder,
    files: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((one) => one.isFile())
        .map(({ name }) => name),
    startWorker: (pictures = storage) => {
      const { db, url } = service.database;
      const log = createLog('test', 'silent');
      worker = startErasureWorker({
        db,
        url,
        fingerprints: createFingerprinter(testSecret),
        storage: pictures,
        peers: others.clients,
        log,
      });
    },
    stopWorker: rest,
    newUser: (role = 'customer', last_admin = false) => {
      const id = randomUUID();
      others.users.set(id, { role, last_admin });
      return id;
    },
    newCustomer: async (by, values = {}) => {
      const body = { email: `${randomUUID()}@example.com`, ...values };
      return (await retryUnavailable(() => by.post('/api/customers', body))).body.customer;
    },
    erase: async (by, body) => {
      const { body: answer, status } = await retryUnavailable(() => by.post('/api/gdpr/delete', body));
      expect(status).toBe(202);
      return answer.request.id as string;
    },
    requestOf,
    untilDone: async (by, id) => {
      await expect.poll(async () => (await requestOf(by, id)).status, { timeout: 30_000 }).toBe('done');
    },
    close: async () => {
      await rest();
      await Promise.all([service.close(), others.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}
