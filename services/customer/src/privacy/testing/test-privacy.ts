import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '@clientela/contracts';
import { createLog } from '@clientela/runtime';
import { testSecret, type TestUser, type TestService } from '@clientela/testing';
import type { Test } from 'supertest';
import { expect } from 'vitest';
import { createDiskStorage } from '../../avatars/disk-storage.ts';
import type { AvatarStorage } from '../../avatars/storage.ts';
import { createTestCustomer } from '../../testing/test-customer.ts';
import { createFingerprinter } from '../../tombstones/fingerprints.ts';
import type { ImportStorage } from '../../imports/settings.ts';
import { startErasureWorker } from '../worker.ts';
import { createStubPeers, type StubPeers } from './stub-peers.ts';

export type TestPrivacy = {
  service: TestService;
  peers: StubPeers;
  folder: string;
  importStorage: ImportStorage;
  /** Names of the stored uploads of a company. */
  storedUploads: (company_id: string) => string[];
  /** Names of the files in the avatar storage. */
  files: () => string[];
  /** Starts the erasure worker, as a process of the service does. */
  startWorker: (avatarStorage?: AvatarStorage) => void;
  /** Stops it, as a restart does. */
  stopWorker: () => Promise<void>;
  /** Adds a user of the company to the stub of auth. @returns the user's id */
  newUser: (role?: Role, last_admin?: boolean) => string;
  newCustomer: (by: TestUser, values?: object) => Promise<{ id: string; number: number; email: string }>;
  /** Requests an erasure. @returns the request's id */
  erase: (by: TestUser, body: object) => Promise<string>;
  requestOf: (by: TestUser, id: string) => Promise<{ status: string; services: Record<string, string> }>;
  untilDone: (by: TestUser, id: string) => Promise<void>;
  close: () => Promise<void>;
};

/** Repeats a request while it is a 503: on a busy machine it may wait too long for a lock or a connection. */
export async function retryUnavailable(send: () => Test) {
  let response = await send();
  while (response.status === 503) response = await send();
  return response;
}

/** For states of requests, each of which is a request that takes the worker's CPU time on a busy machine. */
export const polling = { timeout: 45_000, interval: 100 };

/** Starts the customer service with its erasure worker and stubs of the other services. */
export async function createTestPrivacy(options: Parameters<typeof createTestCustomer>[0] = {}): Promise<TestPrivacy> {
  const folder = mkdtempSync(join(tmpdir(), 'clientela-privacy-'));
  const storage = createDiskStorage(folder);
  const importStorage = { folder: mkdtempSync(join(tmpdir(), 'clientela-imports-')), maxBytes: 1024 * 1024 };
  const peers = await createStubPeers();
  let worker: ReturnType<typeof startErasureWorker> | undefined;
  const service = await createTestCustomer({
    pool: 10,
    peers: peers.clients,
    avatarStorage: storage,
    importStorage,
    onErasureRequested: () => worker?.wake(),
    ...options,
  });
  const stopWorker = async () => {
    await worker?.stop();
    worker = undefined;
  };
  const requestOf = async (by: TestUser, id: string) =>
    (await by.get(`/api/gdpr/requests/${id}`).expect(200)).body.request;
  return {
    service,
    peers,
    folder,
    importStorage,
    storedUploads: (company_id) => readdirSync(join(importStorage.folder, company_id)),
    files: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name),
    startWorker: (avatarStorage = storage) => {
      const { db, url } = service.database;
      const fingerprints = createFingerprinter(testSecret);
      const log = createLog('test', 'silent', { redact: [] });
      worker = startErasureWorker({
        db,
        url,
        fingerprints,
        avatarStorage,
        importStorage,
        peers: peers.clients,
        log,
        waits: { poll: 100, unavailable: 200, failure: 400 },
      });
    },
    stopWorker,
    newUser: (role = 'customer', last_admin = false) => {
      const id = randomUUID();
      peers.users.set(id, { role, last_admin });
      return id;
    },
    newCustomer: async (by, values = {}) => {
      const body = { email: `${randomUUID()}@example.com`, ...values };
      return (await retryUnavailable(() => by.post('/api/customers', body))).body.customer;
    },
    erase: async (by, body) => {
      const response = await retryUnavailable(() => by.post('/api/gdpr/delete', body));
      expect(response.status).toBe(202);
      return response.body.request.id as string;
    },
    requestOf,
    untilDone: async (by, id) => {
      await expect.poll(async () => (await requestOf(by, id)).status, polling).toBe('done');
    },
    close: async () => {
      await stopWorker();
      await Promise.all([service.close(), peers.close()]);
      rmSync(folder, { recursive: true });
      rmSync(importStorage.folder, { recursive: true, force: true });
    },
  };
}
