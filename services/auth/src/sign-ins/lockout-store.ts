import { execute, executeLater, type Db, type NamedStatement, type Tx } from '@clientela/db';

// Lockout policy: 5 failures within 15 minutes lock a user for their network for 15 minutes; 50 failures within an hour from anywhere
// lock it for 15 minutes for networks without a sign-in in the last 30 days. A row stores failures up to the one before the lockout.

const lockoutInterval = `interval '15 minutes'`;

/** Whether the user $1 is locked out from the network $2 now. */
export const lockedOut = `(
  exists (select from sign_in_failures_by_network where user_id = $1 and network = $2 and locked_until > clock_timestamp())
  or exists (select from sign_in_failures where user_id = $1 and locked_until > clock_timestamp())
     and not exists (select from sign_in_networks
                      where user_id = $1 and network = $2 and latest_at > now() - interval '30 days'))`;

/** Whether a row `u` of users has failures that may lock it out. A sign-in leaves them, and so does the end of a lockout. */
export const hasFailures = 'exists (select from sign_in_failures where user_id = u.id)';

const findLockout: NamedStatement = { name: 'find_lockout', text: `select ${lockedOut} as is_locked` };

/** Finds whether a user is locked out from a network now. */
export async function isLockedOut(tx: Tx, user_id: string, network: string): Promise<boolean> {
  const [row] = await execute<{ is_locked: boolean }>(tx, findLockout, [user_id, network]);
  return row?.is_locked ?? false;
}

// Locks rows in the order of `recordSuccess`. A failure during a lockout does not extend it.
const upsertFailure = (table: string, key: string, maxStored: number, within: string): NamedStatement => ({
  name: `upsert_${table}`,
  text: `insert into ${table} as stored (${key}, failed_at)
  select ${key.replace('user_id', 'id').replace('network', '$2')}, array[clock_timestamp()] from users where id = $1
  on conflict (${key}) do update set
    latest_at = clock_timestamp(),
    locked_until = case when stored.locked_until > clock_timestamp() then stored.locked_until
                        when stored.failed_at[${maxStored}] > clock_timestamp() - ${within} then clock_timestamp() + ${lockoutInterval} end,
    failed_at = case when stored.locked_until > clock_timestamp() then stored.failed_at
                     when stored.failed_at[${maxStored}] > clock_timestamp() - ${within} then '{}'
                     else (array[clock_timestamp()] || stored.failed_at)[1:${maxStored}] end`,
});

const upsertNetworkFailure = upsertFailure(
  'sign_in_failures_by_network',
  'user_id, network',
  4,
  `interval '15 minutes'`,
);
const upsertUserFailure = upsertFailure('sign_in_failures', 'user_id', 49, `interval '1 hour'`);

/** Counts a failed attempt, with the transaction's next statement. For an unknown user it runs the same statements and stores nothing. */
export function recordFailure(tx: Tx, user_id: string, network: string): void {
  executeLater(tx, upsertNetworkFailure, [user_id, network]);
  executeLater(tx, upsertUserFailure, [user_id]);
}

const deleteNetworkFailures: NamedStatement = {
  name: 'delete_network_failures',
  text: 'delete from sign_in_failures_by_network where user_id = $1 and network = $2',
};
const upsertKnownNetwork: NamedStatement = {
  name: 'upsert_known_network',
  text: `insert into sign_in_networks (user_id, network) values ($1, $2)
    on conflict (user_id, network) do update set latest_at = now()`,
};

/** Clears the failures of the network and marks it as known, with the transaction's next statement. */
export function recordSuccess(tx: Tx, user_id: string, network: string): void {
  executeLater(tx, deleteNetworkFailures, [user_id, network]);
  executeLater(tx, upsertKnownNetwork, [user_id, network]);
}

/** Clears all failures of a user, who has proved to read the mails of the account. */
export async function clearFailures(tx: Tx, user_id: string): Promise<void> {
  await tx('sign_in_failures_by_network').where({ user_id }).delete();
  await tx('sign_in_failures').where({ user_id }).delete();
}

/** Deletes failures and networks that no longer affect a lockout. */
export async function purgeOldFailures(db: Db): Promise<void> {
  for (const [table, after] of [
    ['sign_in_failures_by_network', '1 hour'],
    ['sign_in_failures', '2 hours'],
    ['sign_in_networks', '30 days'],
  ] as const) {
    await db(table).whereRaw('latest_at < now() - ?::interval', [after]).delete();
  }
}
