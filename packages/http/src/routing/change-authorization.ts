import type { Db, Tx } from '@clientela/db';
import type { Actor } from '../identity/actor.ts';
import { isInternal, type Allow, type Route } from './route.ts';

/** A change that a signed-in user requests; `allow` is the access rule of its route. */
export type RequestedChange = { actor: Actor; allow: Allow; body: unknown };

/** Decides by the database, and not by the token, whether a user may still change something. */
export type ChangeAuthorization = {
  /** Runs before `prepare` and before a stored response is replayed. @throws AppError 401 */
  check: (db: Db, change: RequestedChange) => Promise<void>;
  /** Begins every transaction of the request; locks what it decides by until the transaction ends. @throws AppError 401 */
  lock: (tx: Tx, change: RequestedChange) => Promise<void>;
};

const isUserChange = (definition: Route): boolean =>
  definition.method !== 'get' && definition.allow !== 'open' && !isInternal(definition);

/**
 * Returns the pool for one request. When a user changes something, each of its transactions begins with the authorization.
 * @param request.hasKey whether a stored response may be replayed instead of the change
 * @throws AppError 401 when the user may no longer change anything
 */
export async function authorizedPool(
  definition: Route,
  { db, changeAuthorization }: { db: Db; changeAuthorization?: ChangeAuthorization },
  { actor, body, hasKey }: { actor: Actor | undefined; body: unknown; hasKey: boolean },
): Promise<Db> {
  if (!changeAuthorization || !actor || !isUserChange(definition)) return db;
  const change = { actor, allow: definition.allow, body };
  if (definition.prepare || hasKey) await changeAuthorization.check(db, change);
  return withTransactionStart(db, (tx) => changeAuthorization.lock(tx, change));
}

/** Wraps a pool, so that a handler cannot open a transaction that does not begin with `start`. */
const withTransactionStart = (db: Db, start: (tx: Tx) => Promise<void>): Db =>
  new Proxy(db, {
    get: (pool, property, receiver) => {
      if (property === 'transactionProvider') return undefined;
      if (property !== 'transaction') return Reflect.get(pool, property, receiver) as unknown;
      return <T>(work: (tx: Tx) => Promise<T>) =>
        pool.transaction(async (tx) => {
          await start(tx);
          return work(tx);
        });
    },
  });
