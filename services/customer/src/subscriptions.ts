import {
  interactionDeleted,
  interactionRecorded,
  interactionUpdated,
  transactionRecorded,
  transactionUpdated,
  userRegistered,
  userUpdated,
  type CustomerTotals,
} from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { subscribe, type Subscription } from '@clientela/events';
import { followUser, makeProfile, personOf, type KnownUser } from './profiles/actions.ts';
import type { UserLookup } from './profiles/lookup.ts';
import { followedAmong } from './profiles/rules.ts';
import type { TotalsLookup } from './stats/lookup.ts';
import { findTotalsChanges, writeTotals } from './stats/store.ts';
import { isErasedUser, lockUser } from './tombstones/store.ts';

/** Whoever caused the user's change caused this one. */
const causeOf = (event: { actor_id: string; request_id: string }, { company }: KnownUser) => ({
  id: event.actor_id,
  company_id: company.id,
  request_id: event.request_id,
});

type Parts = { db: Db; users: UserLookup; totals: TotalsLookup };

export const subscriptions = ({ db, users, totals }: Parts): Subscription[] => [
  subscribe(
    userRegistered,
    async (tx, event, known: KnownUser | undefined) => {
      if (!known) return;
      await lockUser(tx, known.company.id, known.user.id);
      if (await isErasedUser(tx, known.company.id, known.user.id)) return;
      await makeProfile(tx, causeOf(event, known), personOf(known.user), known.company);
    },
    {
      prepare: async ({ data, request_id }, { signal }) =>
        data.role === 'customer' ? users(data.user_id, { request_id, signal }) : undefined,
    },
  ),
  subscribe(
    userUpdated,
    async (tx, event, known: KnownUser | undefined) => {
      const fields = followedAmong(event.data.fields_changed);
      if (known) await followUser(tx, causeOf(event, known), known, { fields, sequence: event.sequence });
    },
    {
      prepare: async ({ data, request_id }, { signal }) =>
        followedAmong(data.fields_changed).length > 0 ? users(data.user_id, { request_id, signal }) : undefined,
    },
  ),
  ...moving.map((contract) =>
    subscribe(
      contract,
      async (tx, { company_id }, found: CustomerTotals | undefined) => {
        if (company_id && found) await writeTotals(tx, company_id, found);
      },
      {
        prepare: async ({ company_id, data: { customer_id, customer_changes }, request_id }, { signal }) => {
          if (!company_id) return undefined;
          const counted = await findTotalsChanges(db, company_id, customer_id);
          if (counted === undefined) return undefined; // the customer is gone
          if (customer_changes !== undefined && counted >= customer_changes) return undefined;
          return (await totals(company_id, [customer_id], { request_id, signal }))[0];
        },
      },
    ),
  ),
];

/** What may move a customer's counters. They take what is recorded as it is now, so that it does not matter which of these comes first. */
const moving = [
  interactionRecorded,
  interactionUpdated,
  interactionDeleted,
  transactionRecorded,
  transactionUpdated,
] as const;
