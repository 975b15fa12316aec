import type { Match, TablePolicy, DataInventory } from '@clientela/privacy';
import { eraseUser, whom } from './users/erasing.ts';

const ofUser: Match = { user_id: 'user_id' };
const line = ['id', 'at', 'actor_id', 'action', 'resource_type', 'resource_id', 'fields', 'result', 'request_id'];
const trail = 'who did what to which record is kept, by ids that lead to nobody; the address is not';

/** Where sign-ins came from. */
const signIns = (table: string, also: readonly string[]): TablePolicy => ({
  table,
  person: ofUser,
  section: 'sessions',
  also,
  erasure: 'delete',
});

/** What this service knows of a person. An erasure takes the user away at once when it begins: see users/erasing.ts. */
export const privacy: DataInventory = {
  service: 'auth',
  tables: [
    {
      table: 'sessions',
      person: ofUser,
      section: 'sessions',
      also: ['id', 'created_at', 'last_used_at', 'ended_at'],
      withheld: { seed: 'a secret: refresh tokens are made of it', token_hash: 'a secret' },
      erasure: { anonymise: 'that a session has ended is kept until its tokens have expired' },
    },
    signIns('sign_in_networks', []),
    signIns('sign_in_failures_by_network', ['latest_at', 'locked_until']),
    {
      table: 'sign_in_failures',
      person: ofUser,
      not_exported: 'counts what is exported by network',
      erasure: 'delete',
    },
    {
      table: 'users',
      person: { company_id: 'company_id', id: 'user_id' },
      section: 'user',
      also: ['id', 'company_id', 'created_at', 'updated_at'],
      withheld: {
        password_hash: 'a secret',
        search_text: 'derived from the other fields',
      },
      erasure: 'delete',
    },
    {
      table: 'audit_logs',
      person: { company_id: 'company_id', actor_id: 'user_id' },
      section: 'audit',
      also: line,
      erasure: { anonymise: trail },
    },
    {
      table: 'audit_logs',
      person: [
        { company_id: 'company_id', resource_id: 'user_id' },
        { company_id: 'company_id', resource_id: 'customer_id' },
      ],
      except: { actor_id: 'user_id' },
      section: 'audit',
      also: line,
      withheld: { ip: 'of whoever did it, who may be somebody else' },
      erasure: { anonymise: trail },
    },
  ],
  nobody: {
    signing_keys: 'keys of the installation',
    receipt_keys: 'keys of the installation',
  },
  whom,
  begin: eraseUser,
};
