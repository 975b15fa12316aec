-- Stored responses of POSTs with an Idempotency-Key, written in the transaction of their effect and replayed for 24 hours.
create table idempotency_keys (
  company_id uuid not null,
  request bytea not null,
  step integer not null,
  fingerprint bytea not null default '',
  status smallint,
  headers json,
  -- json, because jsonb would reorder the fields.
  response json,
  subject_ids text[] not null default '{}',
  redacted boolean not null default false,
  created_at timestamptz(3) not null default now(),
  primary key (company_id, request, step)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);
create index idempotency_keys_subject_ids on idempotency_keys using gin (subject_ids);

-- People erased within the last hour. A request that was under way during the erasure stores no response about them.
create table redacted_subjects (
  company_id uuid not null,
  subject_hash text not null,
  created_at timestamptz(3) not null default now(),
  primary key (company_id, subject_hash)
);
create index redacted_subjects_created_at on redacted_subjects (created_at);

comment on column idempotency_keys.request is 'technical: SHA-256 of actor, method, path and key, so that a redacted row names nobody';
comment on column idempotency_keys.step is 'technical: 0 for the whole request, from 1 for the steps of a route with several transactions';
comment on column idempotency_keys.fingerprint is 'technical: HMAC of query and body';
comment on column idempotency_keys.headers is 'technical: those that the route set';
comment on column idempotency_keys.response is 'personal: the body as it was sent, for 24 hours; null when it was too long';
comment on column idempotency_keys.subject_ids is 'technical: every id in actor, path, headers and response, by which an erasure finds the row';
comment on column idempotency_keys.redacted is 'technical: the response was about a person who was erased';
comment on column redacted_subjects.subject_hash is 'technical: SHA-256 of the id';
select migrations.comment_technical('idempotency_keys', 'company_id', 'status', 'created_at');
select migrations.comment_technical('redacted_subjects', 'company_id', 'created_at');
