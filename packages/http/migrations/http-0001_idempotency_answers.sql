-- Answers to be given again to a repeated POST with the same Idempotency-Key, written in the transaction of the effect.
create table idempotency_answers (
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
create index idempotency_answers_created_at on idempotency_answers (created_at);

comment on column idempotency_answers.company_id is 'technical';
comment on column idempotency_answers.actor_id is 'technical';
comment on column idempotency_answers.method is 'technical';
comment on column idempotency_answers.path is 'technical';
comment on column idempotency_answers.key is 'technical';
comment on column idempotency_answers.fingerprint is 'technical: HMAC of the body';
comment on column idempotency_answers.status is 'technical';
comment on column idempotency_answers.answer is 'personal: the answer as it was sent, for 24 hours';
comment on column idempotency_answers.created_at is 'technical';
