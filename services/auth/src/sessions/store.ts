import { newId, type Tx } from '@clientela/db';

/** Where a session was begun: the client's address, and what it says it is. */
export type Origin = { ip: string | null; device: string | null };

const deviceLength = 200;

/** @returns the session's id, which its tokens carry as `sid` */
export async function insertSession(tx: Tx, user_id: string, { ip, device }: Origin): Promise<string> {
  const id = newId();
  await tx('sessions').insert({ id, user_id, ip, device: device?.slice(0, deviceLength) ?? null });
  return id;
}

/** Ends all of a user's sessions. */
export const endSessions = (tx: Tx, user_id: string): Promise<number> =>
  tx('sessions').where({ user_id }).whereNull('ended_at').update({ ended_at: tx.fn.now() });
