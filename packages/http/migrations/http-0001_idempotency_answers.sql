-- Answers to be given again to a repeated POST with the same Idempotency-Key, written in the transaction of the effect.
create table idempotency_keys (
  company_id uuid not null,
  actor_id text not null,
  method text not null,
  path text not null,
  key text not null,
  fingerprint bytea not null,
  status smallint,
  answer jsonb,
  created_at timestamptz(3) not null default now(),
  primary key (company_id, actor_id, method, path, key)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);

comment on column idempotency_keys.company_id is 'technical';
comment on column idempotency_keys.actor_id is 'technical';
comment on column idempotency_keys.method is 'technical';
comment on column idempotency_keys.path is 'technical';
comment on column idempotency_keys.key is 'technical';
comment on column idempotency_keys.fingerprint is 'technical: HMAC of the body';
comment on column idempotency_keys.status is 'technical';
comment on column idempotency_keys.answer is 'personal: the answer as it was sent, for 24 hours';
comment on column idempotency_keys.created_at is 'technical';
