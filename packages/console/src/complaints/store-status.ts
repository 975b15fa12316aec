import { StaleError } from '@clientela/client';
import { api } from '../api/session.ts';
import { threeWay } from '../forms/three-way.ts';
import type { Complaint, Status } from './queries.ts';

const maxTries = 5; // others may go on changing

/**
 * Stores the status of a complaint against the version that was read. What others changed besides stays; a status that both changed
 * differently stays as the others stored it.
 * @returns the complaint as it is stored then, which has another status after such a clash
 */
export async function storeStatus(original: Complaint, status: Status): Promise<Complaint> {
  let stored = original;
  for (let tries = 0; tries < maxTries && stored.status !== status; tries += 1) {
    const { customer_id, id } = stored;
    try {
      return (await api.customers.interactions.put(customer_id, id, { status }, { ifMatch: stored })).interaction;
    } catch (error) {
      if (!(error instanceof StaleError)) throw error;
      stored = (await api.customers.interactions.get(customer_id, id)).interaction;
      const merged = threeWay({ status: original.status }, { status }, { status: stored.status });
      if (merged.clashes.length > 0) return stored;
    }
  }
  if (stored.status !== status) throw new Error('others go on changing the complaint');
  return stored;
}
