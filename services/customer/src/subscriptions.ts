import { userRegistered, userUpdated } from '@clientela/contracts';
import { on, type Subscription } from '@clientela/events';
import { followUser, makeProfile, personOf, type KnownUser } from './profiles/actions.ts';
import type { UserLookup } from './profiles/lookup.ts';
import { followedAmong } from './profiles/rules.ts';
import { isErasedUser, lockUser } from './tombstones/store.ts';

/** Whoever caused the user's change caused this one. */
const causeOf = (event: { actor_id: string; request_id: string }, { company }: KnownUser) => ({
  id: event.actor_id,
  company_id: company.id,
  request_id: event.request_id,
});

export const subscriptions = ({ users }: { users: UserLookup }): Subscription[] => [
  on(
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
  on(
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
];
