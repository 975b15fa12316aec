import {
  companyUpdated,
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
import type { CompanyClient } from '@clientela/http';
import { recordCurrencyChange } from './currencies/store.ts';
import { serviceActor } from './customers/company.ts';
import { applyUserChanges, ensureProfile, toProfileOwner, type UserWithCompany } from './profiles/actions.ts';
import type { UserClient } from './profiles/user-client.ts';
import { pickSyncedFields } from './profiles/rules.ts';
import type { TotalsClient } from './stats/totals-client.ts';
import { inCurrency, type CounterGroup } from './stats/rules.ts';
import { findTotalsState, updateTotals } from './stats/store.ts';
import { isErasedUser, lockUser } from './tombstones/store.ts';

/** Attributes this change to the author of the user's change. */
const originOf = (event: { actor_id: string; request_id: string }, { company }: UserWithCompany) => ({
  id: event.actor_id,
  company_id: company.id,
  request_id: event.request_id,
});

export type SubscriptionDeps = {
  db: Db;
  companies: CompanyClient;
  users: UserClient;
  totals: TotalsClient;
  /** Groups of counters that outside services report. */
  reportedGroups: ReadonlySet<CounterGroup>;
};

export const subscriptions = ({ db, companies, users, totals, reportedGroups }: SubscriptionDeps): Subscription[] => [
  subscribe(
    userRegistered,
    async (tx, event, found: UserWithCompany | undefined) => {
      if (!found) return;
      await lockUser(tx, found.company.id, found.user.id);
      if (await isErasedUser(tx, found.company.id, found.user.id)) return;
      await ensureProfile(tx, originOf(event, found), toProfileOwner(found.user), found.company);
    },
    {
      prepare: async ({ data, request_id }, { signal }) =>
        data.role === 'customer' ? users(data.user_id, { request_id, signal }) : undefined,
    },
  ),
  subscribe(
    userUpdated,
    async (tx, event, found: UserWithCompany | undefined) => {
      const fields = pickSyncedFields(event.data.fields_changed);
      if (found) await applyUserChanges(tx, originOf(event, found), found, { fields, sequence: event.sequence });
    },
    {
      prepare: async ({ data, request_id }, { signal }) =>
        !data.followed && pickSyncedFields(data.fields_changed).length > 0
          ? users(data.user_id, { request_id, signal })
          : undefined,
    },
  ),
  subscribe(
    companyUpdated,
    async (tx, { data: { company_id } }, currency: string | undefined) => {
      if (currency) await recordCurrencyChange(tx, company_id, currency);
    },
    {
      prepare: async ({ data: { company_id, fields_changed }, request_id }, { signal }) => {
        if (!fields_changed.includes('currency')) return undefined;
        const actor = serviceActor(company_id, request_id);
        return (await companies(company_id, { actor, signal, fresh: true }))?.currency;
      },
    },
  ),
  ...totalsEvents.map((contract) =>
    subscribe(
      contract,
      async (tx, { company_id }, found: CustomerTotals | undefined) => {
        if (company_id && found) await updateTotals(tx, company_id, found, reportedGroups);
      },
      {
        prepare: async ({ company_id, data: { customer_id, customer_changes }, request_id }, { signal }) => {
          if (!company_id) return undefined;
          const stored = await findTotalsState(db, company_id, customer_id);
          if (stored === undefined) return undefined; // the customer was removed
          if (customer_changes !== undefined && stored.totals_version >= customer_changes) return undefined;
          const [found] = await totals(company_id, [customer_id], { request_id, signal });
          return found && inCurrency(found, stored.new_currency ?? found.currency);
        },
      },
    ),
  ),
];

/** Events that may change a customer's counters. Each fetches the current totals, so their order does not matter. */
const totalsEvents = [
  interactionRecorded,
  interactionUpdated,
  interactionDeleted,
  transactionRecorded,
  transactionUpdated,
] as const;
