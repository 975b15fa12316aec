import type { Match, TablePolicy, DataInventory } from '@clientela/privacy';
import { startUserErasure, resolvePerson } from './users/erasure.ts';

const ofUser: Match = { user_id: 'user_id' };
const auditColumns = [
  'id',
  'at',
  'actor_id',
  'action',
  'resource_type',
  'resource_id',
  'fields',
  'result',
  'request_id',
];
const auditReason =
  'the audit log keeps who did what to which record, by ids that refer to nobody, without the address';

const signIns = (table: string, alsoExported: readonly string[]): TablePolicy => ({
  table,
  person: ofUser,
  section: 'sessions',
  alsoExported,
  atStart: true,
  erasure: 'delete',
});

/** The personal data of this service. The first transaction of an erasure removes the user: see users/erasure.ts. */
export const privacy: DataInventory = {
  service: 'auth',
  tables: [
    {
      table: 'sessions',
      person: ofUser,
      section: 'sessions',
      alsoExported: ['id', 'created_at', 'last_used_at', 'ended_at'],
      withheld: { seed: 'a secret: refresh tokens are derived from it', token_hash: 'a secret' },
      atStart: true,
      erasure: { anonymise: 'an ended session is kept until its tokens have expired' },
    },
    signIns('sign_in_networks', []),
    signIns('sign_in_failures_by_network', ['latest_at', 'locked_until']),
    {
      table: 'sign_in_failures',
      person: ofUser,
      notExported: 'the sum of rows that are exported by network',
      atStart: true,
      erasure: 'delete',
    },
    {
      table: 'mail_tokens',
      person: ofUser,
      section: 'sessions',
      alsoExported: ['purpose', 'expires_at'],
      withheld: { token_hash: 'a secret' },
      atStart: true,
      erasure: 'delete',
    },
    {
      table: 'mails',
      person: ofUser,
      notExported: 'mails that wait to be sent, with a secret in each, for at most a day',
      atStart: true,
      erasure: 'delete',
    },
    {
      table: 'totp_secrets',
      person: ofUser,
      notExported: 'a secret; since when it is asked for is exported with the user',
      atStart: true,
      erasure: 'delete',
    },
    {
      table: 'recovery_codes',
      person: ofUser,
      section: 'sessions',
      withheld: { code_hash: 'a secret' },
      atStart: true,
      erasure: 'delete',
    },
    {
      table: 'mfa_challenges',
      person: ofUser,
      notExported: 'sign-ins that wait for the second factor, for at most five minutes',
      atStart: true,
      erasure: 'delete',
    },
    {
      table: 'invitations',
      person: ofUser,
      section: 'sessions',
      alsoExported: ['id', 'created_at', 'expires_at'],
      withheld: { token_hash: 'a secret', email_key: 'the e-mail as it is compared' },
      atStart: true,
      erasure: 'delete',
    },
    {
      table: 'identities',
      person: ofUser,
      section: 'sessions',
      alsoExported: ['id', 'created_at'],
      atStart: true,
      erasure: 'delete',
    },
    {
      table: 'oidc_codes',
      person: ofUser,
      notExported: 'a sign-in that is in progress, for five minutes at most',
      atStart: true,
      erasure: 'delete',
    },
    {
      table: 'users',
      person: { company_id: 'company_id', id: 'user_id' },
      section: 'user',
      alsoExported: ['id', 'company_id', 'created_at', 'updated_at'],
      withheld: {
        password_hash: 'a secret',
        search_text: 'derived from the other fields for search',
        email_key: 'the e-mail as it is compared',
      },
      atStart: true,
      erasure: 'delete',
    },
    {
      table: 'api_keys',
      person: { company_id: 'company_id', created_by: 'user_id' },
      section: 'sessions',
      alsoExported: ['id', 'created_at'],
      erasure: { anonymise: 'an API key belongs to the company and outlives the user who made it' },
    },
    {
      table: 'audit_logs',
      person: { company_id: 'company_id', actor_id: 'user_id' },
      section: 'audit',
      alsoExported: auditColumns,
      erasure: { anonymise: auditReason },
    },
    {
      table: 'audit_logs',
      person: [
        { company_id: 'company_id', resource_id: 'user_id' },
        { company_id: 'company_id', resource_id: 'customer_id' },
      ],
      except: { actor_id: 'user_id' },
      section: 'audit',
      alsoExported: auditColumns,
      withheld: { ip: 'the address of the actor, who may be another person' },
      erasure: { anonymise: auditReason },
    },
  ],
  notPersonal: {
    signing_keys: 'keys of the installation',
    receipt_keys: 'keys of the installation',
  },
  resolvePerson,
  onStart: startUserErasure,
};
