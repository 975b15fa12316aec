// Names whose values never appear in logs. An architecture test compares the first two lists with the catalogs of all
// databases: a personal or sensitive column in neither fails it.

/** Names of the personal and sensitive columns of all services. */
export const personalColumns: readonly string[] = [
  'address',
  'response',
  'avatar_url',
  'birthday',
  'category',
  'changes',
  'city_id',
  'code_hash',
  'content',
  'created_by',
  'description',
  'device',
  'document_key',
  'document_number',
  'document_type',
  'email',
  'email_key',
  'external_id',
  'external_ref',
  'first_name',
  'firstname',
  'full_name',
  'gender',
  'import_details',
  'invited_account',
  'ip',
  'key_hash',
  'label',
  'last_auth_at',
  'last_login',
  'last_name',
  'last_used_ip',
  'lastname',
  'latest_at',
  'metadata',
  'mfa_since',
  'name',
  'network',
  'notes',
  'number_document_identity',
  'order_id',
  'password_hash',
  'phone',
  'phone_key',
  'phone_typed',
  'preferences',
  'previous_hash',
  'reason',
  'record',
  'content_digest',
  'sealed',
  'sealed_private_key',
  'sealed_secret',
  'search_text',
  'searched',
  'seed',
  'subject',
  'tags',
  'token_hash',
  'deletion_keys',
  'search_keys',
  'used_at',
  'user_id',
  'username',
];

/** Personal columns that log lines may use, and why. */
export const harmlessColumns: Readonly<Record<string, string>> = {
  actor_id: 'each line names the actor by id, which leads nowhere after the user is erased',
};

/** Names of the same values in legacy request bodies. */
const legacyNames = ['ds_notes', 'ds_user', 'ds_user_email'];

/** The names that every process gives to `createLog`. */
export const redactedNames: readonly string[] = [...personalColumns, ...legacyNames];
