import { randomUUID } from 'node:crypto';
import type { ErasureReceipt, ErasureReport, Person, Role } from '@clientela/contracts';
import { stubServer, type StubServer } from '@clientela/testing';
import type { PeerClients } from '../remote-services.ts';

export const peerNames = ['auth', 'interaction', 'product', 'favorites'] as const;
export type PeerName = (typeof peerNames)[number];
type Row = Record<string, unknown>;
type ExportRequest = { person: Person; section: string; after?: string };

/** Stubs of the other services: each responds as the test configures it, and can fail. */
export type StubPeers = {
  clients: PeerClients;
  /** The pages of each export section. */
  pages: Map<string, Row[][]>;
  /** The company's users, as auth returns them. */
  users: Map<string, { role: Role; last_admin: boolean }>;
  /** Services that fail: by closing the connection, or with a status. */
  failures: Map<PeerName, 'hangs up' | number>;
  /** Erasure requests received. */
  erased: { service: PeerName; request_id: string; person: Person }[];
  /** Receipts signed. */
  signed: ErasureReceipt[];
  /** Export requests received. */
  exportRequests: ExportRequest[];
  servers: Record<PeerName, StubServer>;
  close: () => Promise<unknown>;
};

const reportOf = (service: PeerName): ErasureReport => ({
  service,
  done_at: new Date().toISOString(),
  erased: [{ table: `${service}_rows`, rows: 1, columns: ['value'] }],
  anonymised: [],
  kept: [],
});

export async function createStubPeers(): Promise<StubPeers> {
  const servers = await Promise.all(peerNames.map(async (name) => [name, await stubServer(name)] as const));
  const peers: StubPeers = {
    clients: Object.fromEntries(servers.map(([name, { client }]) => [name, client])) as PeerClients,
    pages: new Map(),
    users: new Map(),
    failures: new Map(),
    erased: [],
    signed: [],
    exportRequests: [],
    servers: Object.fromEntries(servers) as Record<PeerName, StubServer>,
    close: () => Promise.all(servers.map(([, server]) => server.close())),
  };
  const respond = (service: PeerName, path: string, body: unknown) => {
    if (path.startsWith('/internal/privacy/users/')) {
      const id = path.split('/').at(-1) ?? '';
      const user = peers.users.get(id);
      return user ? { status: 200, body: { id, ...user } } : { status: 404 };
    }
    if (path === '/internal/privacy/export') {
      const request = body as ExportRequest;
      peers.exportRequests.push(request);
      const pages = peers.pages.get(request.section) ?? [[]];
      const page = Number(request.after ?? 0);
      return { status: 200, body: { rows: pages[page], next: page + 1 < pages.length ? String(page + 1) : null } };
    }
    if (path === '/internal/privacy/erasures') {
      peers.erased.push({ service, ...(body as { request_id: string; person: Person }) });
      return { status: 200, body: reportOf(service) };
    }
    if (path === '/internal/receipts') {
      peers.signed.push(body as ErasureReceipt);
      return { status: 200, body: { jws: `header.${randomUUID()}.signature` } };
    }
    return { status: 404 };
  };
  for (const [name, server] of servers)
    server.respond((path, body) => {
      const failure = peers.failures.get(name);
      if (failure === 'hangs up') return undefined;
      return failure === undefined ? respond(name, path, body) : { status: failure };
    });
  return peers;
}
