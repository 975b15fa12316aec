import { randomUUID } from 'node:crypto';
import type { ErasureReceipt, ErasureReport, Person, Role } from '@clientela/contracts';
import { stubServer, type StubServer } from '@clientela/testing';
import type { Others } from './others.ts';

export const names = ['auth', 'interaction', 'product', 'favorites'] as const;
export type Name = (typeof names)[number];
type Row = Record<string, unknown>;
type Asked = { person: Person; section: string; after?: string };

/** The other services, each a small server that knows what a test tells it, and can be away. */
export type OthersUnderTest = {
  clients: Others;
  /** What each section answers, a page after the other. */
  pages: Map<string, Row[][]>;
  /** The company's users, as auth knows them. */
  users: Map<string, { role: Role; last_admin: boolean }>;
  /** Who does not answer: hangs up, or answers with that status. */
  away: Map<Name, 'hangs up' | number>;
  /** What was asked to be erased, by service. */
  erased: { service: Name; request_id: string; person: Person }[];
  /** What was signed. */
  signed: ErasureReceipt[];
  /** What was asked for an export. */
  asked: Asked[];
  standIns: Record<Name, StubServer>;
  close: () => Promise<unknown>;
};

const reportOf = (service: Name): ErasureReport => ({
  service,
  done_at: new Date().toISOString(),
  erased: [{ table: `${service}_rows`, rows: 1, columns: ['value'] }],
  anonymised: [],
  kept: [],
});

export async function othersUnderTest(): Promise<OthersUnderTest> {
  const made = await Promise.all(names.map(async (name) => [name, await stubServer(name)] as const));
  const standIns = Object.fromEntries(made) as Record<Name, StubServer>;
  const others: OthersUnderTest = {
    clients: Object.fromEntries(made.map(([name, { client }]) => [name, client])) as Others,
    pages: new Map(),
    users: new Map(),
    away: new Map(),
    erased: [],
    signed: [],
    asked: [],
    standIns,
    close: () => Promise.all(made.map(([, one]) => one.close())),
  };
  const answer = (service: Name, path: string, body: unknown) => {
    if (path.startsWith('/internal/privacy/users/')) {
      const id = path.split('/').at(-1) ?? '';
      const user = others.users.get(id);
      return user ? { status: 200, body: { id, ...user } } : { status: 404 };
    }
    if (path === '/internal/privacy/export') {
      const asked = body as Asked;
      others.asked.push(asked);
      const pages = others.pages.get(asked.section) ?? [[]];
      const at = Number(asked.after ?? 0);
      return { status: 200, body: { rows: pages[at], next: at + 1 < pages.length ? String(at + 1) : null } };
    }
    if (path === '/internal/privacy/erasures') {
      others.erased.push({ service, ...(body as { request_id: string; person: Person }) });
      return { status: 200, body: reportOf(service) };
    }
    if (path === '/internal/receipts') {
      others.signed.push(body as ErasureReceipt);
      return { status: 200, body: { jws: `header.${randomUUID()}.signature` } };
    }
    return { status: 404 };
  };
  for (const [name, one] of made)
    one.respond((path, body) => {
      const how = others.away.get(name);
      if (how === 'hangs up') return undefined;
      return how === undefined ? answer(name, path, body) : { status: how };
    });
  return others;
}
